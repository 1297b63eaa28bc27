<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US">
<context>
    <name>AlternativesView</name>
    <message numerus="yes">
        <source>Drawn from %Ln token(s)</source>
        <translation>
            <numerusform>Drawn from %Ln token</numerusform>
            <numerusform>Drawn from %Ln tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>AttachingController</name>
    <message numerus="yes">
        <source>A message holds %n file(s) at most; “{name}” was left out.</source>
        <translation>
            <numerusform>A message holds one file at most; “{name}” was left out.</numerusform>
            <numerusform>A message holds %n files at most; “{name}” was left out.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln token</numerusform>
            <numerusform>%Ln tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>BinDialog</name>
    <message numerus="yes">
        <source>%n conversation(s) are deleted for ever; nothing brings them back.</source>
        <translation>
            <numerusform>One conversation is deleted for ever; nothing brings it back.</numerusform>
            <numerusform>%n conversations are deleted for ever; nothing brings them back.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>CompareDialog</name>
    <message numerus="yes">
        <source>With the %Ln message(s) before it</source>
        <translation>
            <numerusform>With the %Ln message before it</numerusform>
            <numerusform>With the %Ln messages before it</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ComparedColumn</name>
    <message numerus="yes">
        <source>By itself: {nats} nats, perplexity {perplexity}, %Ln token(s).</source>
        <translation>
            <numerusform>By itself: {nats} nats, perplexity {perplexity}, %Ln token.</numerusform>
            <numerusform>By itself: {nats} nats, perplexity {perplexity}, %Ln tokens.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>By {name}: {nats} nats, perplexity {perplexity}, %Ln token(s).</source>
        <translation>
            <numerusform>By {name}: {nats} nats, perplexity {perplexity}, %Ln token.</numerusform>
            <numerusform>By {name}: {nats} nats, perplexity {perplexity}, %Ln tokens.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ConversationsController</name>
    <message numerus="yes">
        <source>%n conversation(s) deleted.</source>
        <translation>
            <numerusform>%n conversation deleted.</numerusform>
            <numerusform>%n conversations deleted.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ExportsController</name>
    <message numerus="yes">
        <source>%n selected chat(s)</source>
        <translation>
            <numerusform>%n selected chat</numerusform>
            <numerusform>%n selected chats</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>All %n chat(s)</source>
        <translation>
            <numerusform>The only chat</numerusform>
            <numerusform>All %n chats</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>IdleUnload</name>
    <message numerus="yes">
        <source>The model was unloaded after %n idle minute(s); your next message loads it.</source>
        <translation>
            <numerusform>The model was unloaded after %n idle minute; your next message loads it.</numerusform>
            <numerusform>The model was unloaded after %n idle minutes; your next message loads it.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message numerus="yes">
        <source>%n of them are here already and get what is new.</source>
        <translation>
            <numerusform>%n of them is here already and gets what is new.</numerusform>
            <numerusform>%n of them are here already and get what is new.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>InspectorPanel</name>
    <message numerus="yes">
        <source>%Ln token(s); click a word, or choose one here</source>
        <translation>
            <numerusform>%Ln token; click a word, or choose one here</numerusform>
            <numerusform>%Ln tokens; click a word, or choose one here</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LibraryController</name>
    <message numerus="yes">
        <source>%n model(s)</source>
        <translation>
            <numerusform>%n model</numerusform>
            <numerusform>%n models</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MessageMenuController</name>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln token</numerusform>
            <numerusform>%Ln tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PresetsController</name>
    <message numerus="yes">
        <source>%n preset(s) imported.</source>
        <translation>
            <numerusform>%n preset imported.</numerusform>
            <numerusform>%n presets imported.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PromptView</name>
    <message numerus="yes">
        <source>%Ln message(s) were too old for the context.</source>
        <translation>
            <numerusform>%Ln message was too old for the context.</numerusform>
            <numerusform>%Ln messages were too old for the context.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ProofView</name>
    <message numerus="yes">
        <source>Identical: %Ln token(s).</source>
        <translation>
            <numerusform>Identical: %Ln token.</numerusform>
            <numerusform>Identical: %Ln tokens.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RemotePage</name>
    <message numerus="yes">
        <source>%n model(s)</source>
        <translation>
            <numerusform>%n model</numerusform>
            <numerusform>%n models</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ReplyStream</name>
    <message numerus="yes">
        <source>The context is full: the oldest %n message(s) are left out of what the model reads.</source>
        <translation>
            <numerusform>The context is full: the oldest message is left out of what the model reads.</numerusform>
            <numerusform>The context is full: the oldest %n messages are left out of what the model reads.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SamplerLabController</name>
    <message numerus="yes">
        <source>%Ln token(s) would have been others</source>
        <translation>
            <numerusform>%Ln token would have been another</numerusform>
            <numerusform>%Ln tokens would have been others</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln are not certain</source>
        <translation>
            <numerusform>%Ln is not certain</numerusform>
            <numerusform>%Ln are not certain</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SidebarMenus</name>
    <message numerus="yes">
        <source>Delete %n chat(s)</source>
        <translation>
            <numerusform>Delete %n chat</numerusform>
            <numerusform>Delete %n chats</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>_Row</name>
    <message numerus="yes">
        <source>%Ln file(s)</source>
        <translation>
            <numerusform>%Ln file</numerusform>
            <numerusform>%Ln files</numerusform>
        </translation>
    </message>
</context>
</TS>
