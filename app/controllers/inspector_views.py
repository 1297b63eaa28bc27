"""InspectorViews: everything that the inspector can show of a reply, each view with the controller that fills it.

Made when the panel first opens: these are 330 widgets, which no start and no change of the theme need wait for.
"""

from __future__ import annotations

from app.controllers.alternatives import AlternativesController
from app.controllers.attribution import AttributionController
from app.controllers.background import Background
from app.controllers.chat import ChatController
from app.controllers.confidence import ConfidenceController
from app.controllers.inspector import InspectorController
from app.controllers.looking import LookingController
from app.controllers.perplexity import PerplexityController
from app.controllers.prompt import PromptController
from app.controllers.proof import ProofController
from app.controllers.sampler_lab import SamplerLabController
from app.views.main_window import MainWindow


class InspectorViews:
    """The views in the order in which they are offered."""

    def __init__(
        self, inspector: InspectorController, chat: ChatController, background: Background, window: MainWindow
    ) -> None:
        self.alternatives = AlternativesController(inspector, chat)
        self.confidence = ConfidenceController(inspector, chat)
        self.sampler_lab = SamplerLabController(inspector)
        self.prompt = PromptController(inspector, chat)
        self.looking = LookingController(inspector, background)
        self.attribution = AttributionController(inspector, chat)
        self.proof = ProofController(inspector, chat)
        self.perplexity = PerplexityController(inspector, chat, background, window)
