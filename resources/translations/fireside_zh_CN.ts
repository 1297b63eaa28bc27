<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AboutPage</name>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
    <message>
        <source>not installed</source>
        <translation>未安装</translation>
    </message>
    <message>
        <source>Version {version}, Qt {qt}</source>
        <translation>版本 {version}，Qt {qt}</translation>
    </message>
    <message>
        <source>Fireside</source>
        <translation>Fireside</translation>
    </message>
    <message>
        <source>Apache-2.0. Qt and PySide6 are used under the LGPL-3.0, as replaceable libraries.</source>
        <translation>采用 Apache-2.0 许可证。Qt 和 PySide6 依据 LGPL-3.0 使用，均为可替换的库。</translation>
    </message>
    <message>
        <source>Built with</source>
        <translation>所依赖的组件</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
</context>
<context>
    <name>AlternativesController</name>
    <message>
        <source>What else could have come was not kept of this reply; “Score” finds out what can be known.</source>
        <translation>没有保存这条回复当时的其他候选；“评分”可以算出能够得知的部分。</translation>
    </message>
    <message>
        <source>Click a word of the reply to see what else could have come.</source>
        <translation>点击回复中的一个词，查看当时还可能出现什么。</translation>
    </message>
</context>
<context>
    <name>AlternativesView</name>
    <message>
        <source>What else could have come</source>
        <translation>还可能出现什么</translation>
    </message>
    <message>
        <source>Instead of its end</source>
        <translation>不在此结束</translation>
    </message>
    <message>
        <source>The tokens that could have come where the reply ended (Enter)</source>
        <translation>回复结束处当时可能出现的 Token（Enter）</translation>
    </message>
    <message>
        <source>The reply ended here. Choose another token to go on instead.</source>
        <translation>回复在此结束。选择另一个 Token 即可改为继续。</translation>
    </message>
    <message>
        <source>With this token the reply would end here.</source>
        <translation>选这个 Token，回复会在此结束。</translation>
    </message>
    <message>
        <source>This is the token that came, and the reply ended behind it.</source>
        <translation>实际出现的就是这个 Token，回复在其后结束。</translation>
    </message>
    <message>
        <source>This is the token that came. Choose another one to go on from there.</source>
        <translation>实际出现的就是这个 Token。选择另一个即可从那里继续。</translation>
    </message>
    <message>
        <source>The reply goes on from here as another version; this one stays.</source>
        <translation>回复从这里继续，成为另一个版本；当前版本会保留。</translation>
    </message>
    <message>
        <source>out</source>
        <translation>已排除</translation>
    </message>
    <message>
        <source>{text}: {chance} by the model</source>
        <translation>{text}：模型 {chance}</translation>
    </message>
    <message>
        <source>{text}: {chance} by the model, {share} after the samplers</source>
        <translation>{text}：模型 {chance}，采样器之后 {share}</translation>
    </message>
    <message>
        <source>{text}: {chance} by the model, removed by {sampler}</source>
        <translation>{text}：模型 {chance}，被 {sampler} 排除</translation>
    </message>
    <message>
        <source>{text}: {chance} by the model, removed by the samplers</source>
        <translation>{text}：模型 {chance}，被采样器排除</translation>
    </message>
    <message>
        <source>{row} (it came)</source>
        <translation>{row}（实际出现）</translation>
    </message>
    <message>
        <source>Its chance was {chance}, as the server tells</source>
        <translation>据服务器称，其概率为 {chance}</translation>
    </message>
    <message>
        <source>Rank {rank} with {chance}; entropy {entropy} nats</source>
        <translation>排名 {rank}，概率 {chance}；熵 {entropy} nat</translation>
    </message>
    <message numerus="yes">
        <source>Drawn from %Ln token(s)</source>
        <translation>
            <numerusform>从 %Ln 个 Token 中抽取</numerusform>
        </translation>
    </message>
    <message>
        <source>Seed {seed}, token {position} of the reply</source>
        <translation>随机种子 {seed}，回复的第 {position} 个 Token</translation>
    </message>
    <message>
        <source>Tokens that could have come</source>
        <translation>可能出现的 Token</translation>
    </message>
    <message>
        <source>Go on from another token (Enter)</source>
        <translation>从另一个 Token 继续（Enter）</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Samplers</source>
        <translation>采样器</translation>
    </message>
    <message>
        <source>Go on from here</source>
        <translation>从这里继续</translation>
    </message>
    <message>
        <source>Another version of the reply that begins the same (Enter)</source>
        <translation>开头相同的另一个回复版本（Enter）</translation>
    </message>
</context>
<context>
    <name>AppearancePage</name>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>System</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>High contrast, light</source>
        <translation>高对比度（浅色）</translation>
    </message>
    <message>
        <source>High contrast, dark</source>
        <translation>高对比度（深色）</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>System follows the desktop&apos;s setting.</source>
        <translation>“跟随系统”即采用桌面的设置。</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>Of all texts, beside the desktop&apos;s own size. 100 %: unchanged.</source>
        <translation>所有文字相对于桌面字号的大小。100 %：不变。</translation>
    </message>
</context>
<context>
    <name>Application</name>
    <message>
        <source>Something unexpected went wrong ({kind}); the log file has the details.</source>
        <translation>发生了意外错误（{kind}）；详情请查看日志文件。</translation>
    </message>
    <message>
        <source>Fireside ended unexpectedly; the log is at {path}.</source>
        <translation>Fireside 上次意外退出；日志位于 {path}。</translation>
    </message>
    <message>
        <source>Open the log</source>
        <translation>打开日志</translation>
    </message>
</context>
<context>
    <name>AttachingController</name>
    <message>
        <source>Pasted text</source>
        <translation>粘贴的文本</translation>
    </message>
    <message>
        <source>The long text that you pasted is attached as a file.</source>
        <translation>您粘贴的长文本已作为文件附加。</translation>
    </message>
    <message>
        <source>As text</source>
        <translation>改为文本</translation>
    </message>
    <message>
        <source>Pasted picture</source>
        <translation>粘贴的图片</translation>
    </message>
    <message numerus="yes">
        <source>A message holds %n file(s) at most; “{name}” was left out.</source>
        <translation>
            <numerusform>一条消息最多包含 %n 个文件；未附加“{name}”。</numerusform>
        </translation>
    </message>
    <message>
        <source>the first {read} of {pages} pages</source>
        <translation>前 {read} 页，共 {pages} 页</translation>
    </message>
    <message>
        <source>being read…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>not seen by the model</source>
        <translation>模型看不到</translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln Token</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>AttentionView</name>
    <message>
        <source>What it looked back at</source>
        <translation>它回看了什么</translation>
    </message>
    <message>
        <source>{text}, token {number}: {share}</source>
        <translation>{text}，第 {number} 个 Token：{share}</translation>
    </message>
    <message>
        <source>Read most: {words}. The first token has {share}: heads with nothing to read look there.</source>
        <translation>读得最多的是：{words}。第一个 Token 占 {share}：无可读时，注意力头会看向那里。</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>All layers</source>
        <translation>所有层</translation>
    </message>
    <message>
        <source>Layer {number}</source>
        <translation>第 {number} 层</translation>
    </message>
    <message>
        <source>Mean of the heads</source>
        <translation>各头的平均</translation>
    </message>
    <message>
        <source>Strongest head</source>
        <translation>最强的头</translation>
    </message>
    <message>
        <source>Head {number}</source>
        <translation>第 {number} 头</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Whose heads are shown</source>
        <translation>显示哪一层的注意力头</translation>
    </message>
    <message>
        <source>Heads</source>
        <translation>注意力头</translation>
    </message>
    <message>
        <source>One head of the layer, or all of them together</source>
        <translation>该层的一个头，或所有头合计</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>阅读比重</translation>
    </message>
    <message>
        <source>Tokens that were read most</source>
        <translation>读得最多的 Token</translation>
    </message>
    <message>
        <source>Go to where the token stands</source>
        <translation>跳到该 Token 所在处</translation>
    </message>
    <message>
        <source>The text before the token, shaded by how much it was read</source>
        <translation>该 Token 之前的文字，按阅读比重着色</translation>
    </message>
    <message>
        <source>Darker: read more when the chosen token was made</source>
        <translation>颜色越深：生成所选 Token 时读得越多</translation>
    </message>
</context>
<context>
    <name>AttributionView</name>
    <message>
        <source>What it rests on</source>
        <translation>依据什么</translation>
    </message>
    <message>
        <source>{role}: {text}</source>
        <translation>{role}：{text}</translation>
    </message>
    <message>
        <source>{part}
Without it the reply is less likely by {nats} nats.</source>
        <translation>{part}
去掉后，回复的可能性降低 {nats} nat。</translation>
    </message>
    <message>
        <source>{part}
Without it the reply is likelier by {nats} nats.</source>
        <translation>{part}
去掉后，回复的可能性提高 {nats} nat。</translation>
    </message>
    <message>
        <source>{word} ({chance})</source>
        <translation>{word}（{chance}）</translation>
    </message>
    <message>
        <source>Words that it changes most: {words}</source>
        <translation>受影响最大的词：{words}</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>The template needs this message, so only its text was left out.</source>
        <translation>模板需要这条消息，因此只去掉了它的文字。</translation>
    </message>
    <message>
        <source>Choose a part to see which words of the reply it changes most.</source>
        <translation>选择一个部分，查看它对回复中哪些词影响最大。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Leave each out in turn</source>
        <translation>逐个去掉</translation>
    </message>
    <message>
        <source>Stopped: some parts were not left out yet.</source>
        <translation>已停止：有些部分尚未试过去掉。</translation>
    </message>
    <message>
        <source>With all of them the reply&apos;s log-probability is {nats} nats.</source>
        <translation>全部保留时，回复的对数概率为 {nats} nat。</translation>
    </message>
    <message>
        <source>In the reply: darker words are less likely without it, those with a wavy line likelier.</source>
        <translation>在回复中：颜色越深的词，去掉该部分后可能性降低越多；带波浪线的词则可能性提高。</translation>
    </message>
    <message>
        <source>Each part is left out, and the model in use says how likely it finds the same reply then.</source>
        <translation>逐个去掉各部分，由当前模型给出同一回复此时的可能性。</translation>
    </message>
    <message>
        <source>What to leave out</source>
        <translation>去掉什么</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Sentences</source>
        <translation>句子</translation>
    </message>
    <message>
        <source>Sentences say more and take longer</source>
        <translation>按句子更细致，但更慢</translation>
    </message>
    <message>
        <source>Reads the prompt once for each part</source>
        <translation>每个部分都要读一遍提示词</translation>
    </message>
    <message>
        <source>Parts that were left out</source>
        <translation>已去掉的部分</translation>
    </message>
    <message>
        <source>Part</source>
        <translation>部分</translation>
    </message>
    <message>
        <source>Change in nats</source>
        <translation>变化（nat）</translation>
    </message>
    <message>
        <source>What the reply rests on</source>
        <translation>回复依据什么</translation>
    </message>
    <message>
        <source>To the right: the reply is less likely without the part</source>
        <translation>向右：去掉该部分后，回复的可能性降低</translation>
    </message>
</context>
<context>
    <name>BackupsController</name>
    <message>
        <source>Back up all conversations</source>
        <translation>备份所有对话</translation>
    </message>
    <message>
        <source>Backups (*.sqlite3)</source>
        <translation>备份 (*.sqlite3)</translation>
    </message>
    <message>
        <source>Backing up…</source>
        <translation>正在备份…</translation>
    </message>
    <message>
        <source>Everything is in “{name}”.</source>
        <translation>已全部备份到“{name}”。</translation>
    </message>
    <message>
        <source>Taking the backup back…</source>
        <translation>正在恢复备份…</translation>
    </message>
    <message>
        <source>Save a rescue export…</source>
        <translation>保存抢救出的内容…</translation>
    </message>
    <message>
        <source>Save a rescue export</source>
        <translation>保存抢救出的内容</translation>
    </message>
    <message>
        <source>Reading what is left…</source>
        <translation>正在读取残存的内容…</translation>
    </message>
    <message>
        <source>“{name}” holds what could be read; Import… takes it in. Chats: {chats}. Messages: {messages}. Unreadable rows: {lost}.</source>
        <translation>能读出的内容已存入“{name}”，可用“导入…”载入。对话：{chats}。消息：{messages}。无法读取的行：{lost}。</translation>
    </message>
    <message>
        <source>Chats added: {added}. With messages back: {merged}. Here already: {unchanged}.</source>
        <translation>新增对话：{added}。找回消息的对话：{merged}。已存在：{unchanged}。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>BinDialog</name>
    <message>
        <source>Bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Deleted conversations</source>
        <translation>已删除的对话</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Days left</source>
        <translation>剩余天数</translation>
    </message>
    <message>
        <source>The bin is empty. What you delete stays here for 30 days.</source>
        <translation>回收站是空的。删除的内容会在这里保留 30 天。</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Delete for ever…</source>
        <translation>永久删除…</translation>
    </message>
    <message>
        <source>Empty the bin…</source>
        <translation>清空回收站…</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) are deleted for ever; nothing brings them back.</source>
        <translation>
            <numerusform>将永久删除 %n 个对话，无法恢复。</numerusform>
        </translation>
    </message>
    <message>
        <source>Delete for ever?</source>
        <translation>永久删除？</translation>
    </message>
</context>
<context>
    <name>ChatController</name>
    <message>
        <source>The temporary chat is gone when Fireside closes, or when you begin another.</source>
        <translation>关闭 Fireside 或新开一个临时对话时，当前的临时对话就会消失。</translation>
    </message>
    <message>
        <source>Back to it</source>
        <translation>返回该对话</translation>
    </message>
    <message>
        <source>Temporary chat</source>
        <translation>临时对话</translation>
    </message>
    <message>
        <source>A reply is being written; stop it first (Esc).</source>
        <translation>正在生成回复；请先停止（Esc）。</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Cut off at the longest reply that the settings allow</source>
        <translation>已达到设置允许的最大回复长度，回复被截断</translation>
    </message>
    <message>
        <source>Cut off: the model&apos;s context is full</source>
        <translation>模型的上下文已满，回复被截断</translation>
    </message>
    <message>
        <source>Interrupted when Fireside ended</source>
        <translation>Fireside 退出时中断</translation>
    </message>
</context>
<context>
    <name>ChatModels</name>
    <message>
        <source>{name} at {host}</source>
        <translation>{host} 上的 {name}</translation>
    </message>
    <message>
        <source>This chat was written with {name}.</source>
        <translation>此对话使用的是 {name}。</translation>
    </message>
    <message>
        <source>Use it again</source>
        <translation>继续使用该模型</translation>
    </message>
</context>
<context>
    <name>ChatTemplatesController</name>
    <message>
        <source>Answer with the template {name}</source>
        <translation>用模板 {name} 重新回答</translation>
    </message>
    <message>
        <source>Another template…</source>
        <translation>其他模板…</translation>
    </message>
    <message>
        <source>{model} has the template {name} from now on. Its settings in the library can set it back.</source>
        <translation>{model} 今后使用模板 {name}。可在模型库中它的设置里改回。</translation>
    </message>
</context>
<context>
    <name>CodeBlock</name>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Show all lines</source>
        <translation>显示全部行</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Find a command, a chat, a model…</source>
        <translation>查找命令、对话或模型…</translation>
    </message>
    <message>
        <source>Find a command, a chat or a model</source>
        <translation>查找命令、对话或模型</translation>
    </message>
    <message>
        <source>What was found</source>
        <translation>搜索结果</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>未找到</translation>
    </message>
</context>
<context>
    <name>CommandPopup</name>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
</context>
<context>
    <name>CompareController</name>
    <message>
        <source>Open or download a model first, then compare it.</source>
        <translation>请先打开或下载一个模型，再进行比较。</translation>
    </message>
    <message>
        <source>{name} does not fit: it needs {need}, and {have} are free. Choose another, or close programs.</source>
        <translation>{name} 内存不足：需要 {need}，而可用 {have}。请选择其他模型，或关闭其他程序。</translation>
    </message>
    <message>
        <source>They are loaded one after the other: {name}, the larger one, needs {need} of {have}. Up to {kept} lie in a temporary file meanwhile.</source>
        <translation>两者先后加载：其中较大的 {name} 需要 {need}，可用 {have}。其间临时文件最多占用 {kept}。</translation>
    </message>
    <message>
        <source>A reply is being written; stop it first (Esc).</source>
        <translation>正在生成回复；请先停止（Esc）。</translation>
    </message>
    <message>
        <source>usual cache</source>
        <translation>默认缓存</translation>
    </message>
    <message>
        <source>{name} ({mark})</source>
        <translation>{name}（{mark}）</translation>
    </message>
    <message>
        <source>Markdown (*.md)</source>
        <translation>Markdown (*.md)</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Save the comparison</source>
        <translation>保存比较结果</translation>
    </message>
    <message>
        <source>“{name}” is saved.</source>
        <translation>已保存“{name}”。</translation>
    </message>
</context>
<context>
    <name>CompareDialog</name>
    <message>
        <source>Compare two models</source>
        <translation>比较两个模型</translation>
    </message>
    <message>
        <source>Message for both models</source>
        <translation>两个模型都要回答的消息</translation>
    </message>
    <message>
        <source>Both models get this message, each in its own template</source>
        <translation>两个模型都会收到这条消息，并各自套用自己的模板</translation>
    </message>
    <message numerus="yes">
        <source>With the %Ln message(s) before it</source>
        <translation>
            <numerusform>包含之前的 %Ln 条消息</numerusform>
        </translation>
    </message>
    <message>
        <source>The system prompt counts as one of them</source>
        <translation>系统提示词也算其中一条</translation>
    </message>
    <message>
        <source>Always the likeliest token</source>
        <translation>总是选最可能的 Token</translation>
    </message>
    <message>
        <source>What differs is then the models&apos; doing; else both draw with the chat&apos;s settings and one seed</source>
        <translation>这样差异全部来自模型本身；否则两者都按此对话的设置和同一随机种子抽取</translation>
    </message>
    <message>
        <source>Longest reply, in tokens</source>
        <translation>最大回复长度（以 Token 计）</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Both reply, and read the other&apos;s reply; the model in use comes back afterwards</source>
        <translation>两个模型各自回复，并读取对方的回复；之后恢复当前模型</translation>
    </message>
    <message>
        <source>Steps that are done</source>
        <translation>已完成的步骤</translation>
    </message>
    <message>
        <source>Previous difference</source>
        <translation>上一处差异</translation>
    </message>
    <message>
        <source>Next difference</source>
        <translation>下一处差异</translation>
    </message>
    <message>
        <source>Save as Markdown…</source>
        <translation>另存为 Markdown…</translation>
    </message>
    <message>
        <source>Save as a table…</source>
        <translation>另存为表格…</translation>
    </message>
    <message>
        <source>Show the last comparison</source>
        <translation>显示上次的比较</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Figures, both replies and their differences</source>
        <translation>各项数值、两条回复及其差异</translation>
    </message>
    <message>
        <source>Every token with both log-probabilities and the divergence (CSV)</source>
        <translation>每个 Token 的两个对数概率和散度（CSV）</translation>
    </message>
    <message>
        <source>The one that was made before, on another message</source>
        <translation>之前针对另一条消息所做的比较</translation>
    </message>
    <message>
        <source>{name} is loaded…</source>
        <translation>正在加载 {name}…</translation>
    </message>
    <message>
        <source>{name} writes…</source>
        <translation>{name} 正在撰写…</translation>
    </message>
    <message>
        <source>{name} reads the replies…</source>
        <translation>{name} 正在读取回复…</translation>
    </message>
    <message>
        <source>Write a message for both models first.</source>
        <translation>请先输入要发给两个模型的消息。</translation>
    </message>
    <message>
        <source>Both say the same.</source>
        <translation>两者的回复相同。</translation>
    </message>
    <message>
        <source>Difference {number} of {count}.</source>
        <translation>第 {number} 处差异，共 {count} 处。</translation>
    </message>
    <message>
        <source>Their vocabularies differ, so no divergence is defined; each figure is by that model&apos;s own tokens.</source>
        <translation>两者的词表不同，因此散度没有定义；各项数值按各模型自己的 Token 计算。</translation>
    </message>
</context>
<context>
    <name>ComparedColumn</name>
    <message>
        <source>First model</source>
        <translation>第一个模型</translation>
    </message>
    <message>
        <source>Second model</source>
        <translation>第二个模型</translation>
    </message>
    <message>
        <source>What its cache is kept in</source>
        <translation>缓存类型</translation>
    </message>
    <message>
        <source>Cache as in its settings</source>
        <translation>按其设置的缓存</translation>
    </message>
    <message>
        <source>The same file with another cache counts as another model</source>
        <translation>同一文件使用不同的缓存，视为另一个模型</translation>
    </message>
    <message>
        <source>What the first model says</source>
        <translation>第一个模型的回复</translation>
    </message>
    <message>
        <source>What the second model says</source>
        <translation>第二个模型的回复</translation>
    </message>
    <message>
        <source>Underlined: not in the other reply; click or arrow keys choose a word</source>
        <translation>下划线：另一条回复中没有；点击或用方向键选择一个词</translation>
    </message>
    <message>
        <source>How much the models differ at each token</source>
        <translation>两个模型在每个 Token 处的差异程度</translation>
    </message>
    <message>
        <source>Higher: the models differ more; go from token to token by arrow keys</source>
        <translation>越高：两个模型差异越大；用方向键逐个 Token 移动</translation>
    </message>
    <message>
        <source>Places that differ: {count}</source>
        <translation>不同之处：{count}</translation>
    </message>
    <message>
        <source>Choose a word to see how likely both models found it.</source>
        <translation>选择一个词，查看两个模型认为它有多大可能。</translation>
    </message>
    <message>
        <source>Token {number} of {count}, “{text}”: {own} by this model</source>
        <translation>第 {number} 个 Token，共 {count} 个，“{text}”：此模型为 {own}</translation>
    </message>
    <message>
        <source>Token {number} of {count}, “{text}”: {own} by this model, {other} by {name}</source>
        <translation>第 {number} 个 Token，共 {count} 个，“{text}”：此模型为 {own}，{name} 为 {other}</translation>
    </message>
    <message>
        <source>Token {number} of {count}, “{text}”: {own} by this model, {other} by {name}; divergence {kl} nats</source>
        <translation>第 {number} 个 Token，共 {count} 个，“{text}”：此模型为 {own}，{name} 为 {other}；散度 {kl} nat</translation>
    </message>
    <message numerus="yes">
        <source>By itself: {nats} nats, perplexity {perplexity}, %Ln token(s).</source>
        <translation>
            <numerusform>自身评分：{nats} nat，困惑度 {perplexity}，%Ln 个 Token。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>By {name}: {nats} nats, perplexity {perplexity}, %Ln token(s).</source>
        <translation>
            <numerusform>{name} 评分：{nats} nat，困惑度 {perplexity}，%Ln 个 Token。</numerusform>
        </translation>
    </message>
    <message>
        <source>Divergence: {mean} nats a token, at most {most}, at “{token}”.</source>
        <translation>散度：每个 Token {mean} nat，最高 {most}，位于“{token}”。</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Write a message…</source>
        <translation>输入消息…</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter starts a new line.</source>
        <translation>按 Enter 发送，按 Shift+Enter 换行。</translation>
    </message>
    <message>
        <source>Attached files</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Send (Enter)</source>
        <translation>发送 (Enter)</translation>
    </message>
    <message>
        <source>Send after this reply (Enter)</source>
        <translation>在此回复之后发送 (Enter)</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Drop to attach; a model is opened, chats are imported</source>
        <translation>松开即可附加；模型会打开，对话会导入</translation>
    </message>
    <message>
        <source>Stop the reply (Esc)</source>
        <translation>停止回复 (Esc)</translation>
    </message>
    <message>
        <source>Enter to send, Shift+Enter for a new line</source>
        <translation>Enter 发送，Shift+Enter 换行</translation>
    </message>
</context>
<context>
    <name>ConfidenceController</name>
    <message>
        <source>How sure the model was of this text is not known. The model in use can read it and say how likely it finds each word.</source>
        <translation>模型对这段文字有多大把握尚不可知。当前模型可以读一遍，给出每个词的可能性。</translation>
    </message>
</context>
<context>
    <name>ConfidenceView</name>
    <message>
        <source>How sure it was</source>
        <translation>有多大把握</translation>
    </message>
    <message>
        <source>{word} ({chance})</source>
        <translation>{word}（{chance}）</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Score this text</source>
        <translation>为这段文字评分</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>On average {chance} for a token. Least sure: {words}.</source>
        <translation>每个 Token 平均 {chance}。最没把握的是：{words}。</translation>
    </message>
    <message>
        <source>Colour the words of the reply</source>
        <translation>为回复中的词着色</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>By probability</source>
        <translation>按概率</translation>
    </message>
    <message>
        <source>By rank</source>
        <translation>按排名</translation>
    </message>
    <message>
        <source>By entropy (nats)</source>
        <translation>按熵（nat）</translation>
    </message>
    <message>
        <source>Darker grounds and stronger lines: less sure</source>
        <translation>底色越深、线条越粗：越没把握</translation>
    </message>
    <message>
        <source>How likely the model in use finds each word of it</source>
        <translation>当前模型认为其中每个词有多大可能</translation>
    </message>
    <message>
        <source>Least sure words</source>
        <translation>最没把握的词</translation>
    </message>
    <message>
        <source>Look at the word (Enter)</source>
        <translation>查看这个词（Enter）</translation>
    </message>
    <message>
        <source>Legend: from sure to least sure</source>
        <translation>图例：从最有把握到最没把握</translation>
    </message>
</context>
<context>
    <name>ConnectionFields</name>
    <message>
        <source>Kept in the system&apos;s keyring</source>
        <translation>保存在系统钥匙串中</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Of Hugging Face, or of a mirror that speaks like it.</source>
        <translation>Hugging Face 的地址，或与其兼容的镜像站。</translation>
    </message>
    <message>
        <source>Access token</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>Only for models that ask for an account. It is sent to this address alone.</source>
        <translation>仅用于需要账号的模型，只会发送到此地址。</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
</context>
<context>
    <name>ConversationListModel</name>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Previous 7 days</source>
        <translation>过去 7 天</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>更早</translation>
    </message>
</context>
<context>
    <name>ConversationsController</name>
    <message>
        <source>Conversation deleted.</source>
        <translation>对话已删除。</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) deleted.</source>
        <translation>
            <numerusform>已删除 %n 个对话。</numerusform>
        </translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Reply copied.</source>
        <translation>回复已复制。</translation>
    </message>
</context>
<context>
    <name>CopyButton</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>DeletedMessagesDialog</name>
    <message>
        <source>Deleted messages</source>
        <translation>已删除的消息</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Reply</source>
        <translation>回复</translation>
    </message>
    <message>
        <source>No message of this conversation was deleted in the last 30 days.</source>
        <translation>过去 30 天内，此对话没有删除过消息。</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
</context>
<context>
    <name>DesktopController</name>
    <message>
        <source>The reply failed</source>
        <translation>回复失败</translation>
    </message>
    <message>
        <source>The reply is ready</source>
        <translation>回复已完成</translation>
    </message>
</context>
<context>
    <name>DesktopPage</name>
    <message>
        <source>Window and tray</source>
        <translation>窗口与托盘</translation>
    </message>
    <message>
        <source>A new chat</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>The chat that was open last</source>
        <translation>上次打开的对话</translation>
    </message>
    <message>
        <source>Fireside opens with</source>
        <translation>启动时打开</translation>
    </message>
    <message>
        <source>Closing leaves it in the tray</source>
        <translation>关闭窗口后保留在托盘</translation>
    </message>
    <message>
        <source>Replies go on, and the window is back at once. “Quit” ends Fireside.</source>
        <translation>回复会继续生成，窗口可随时恢复。“退出”才会结束 Fireside。</translation>
    </message>
    <message>
        <source>This desktop has no tray, or none that programs may use.</source>
        <translation>此桌面没有托盘，或不允许程序使用托盘。</translation>
    </message>
    <message>
        <source>Notify about long replies</source>
        <translation>较长的回复完成时通知</translation>
    </message>
    <message>
        <source>A notification, when one took more than 10 seconds and another window is in front.</source>
        <translation>回复耗时超过 10 秒且 Fireside 不在前台时发送通知。</translation>
    </message>
    <message>
        <source>Show how the reply begins</source>
        <translation>通知中显示回复的开头</translation>
    </message>
    <message>
        <source>Others may read it on the screen, and the desktop may keep it.</source>
        <translation>他人可能在屏幕上看到，桌面也可能保留通知内容。</translation>
    </message>
</context>
<context>
    <name>DetailsDialog</name>
    <message>
        <source>Details of the reply</source>
        <translation>回复详情</translation>
    </message>
    <message>
        <source>Copy all</source>
        <translation>全部复制</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>DownloadRow</name>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Download of {name}</source>
        <translation>下载 {name}</translation>
    </message>
    <message>
        <source>Waits for its turn.</source>
        <translation>正在排队。</translation>
    </message>
    <message>
        <source>Paused at {amount}.</source>
        <translation>已暂停：{amount}。</translation>
    </message>
    <message>
        <source>Here: {size}.</source>
        <translation>已下载：{size}。</translation>
    </message>
    <message>
        <source>{amount}, {speed}/s</source>
        <translation>{amount}，{speed}/秒</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
</context>
<context>
    <name>DownloadsController</name>
    <message>
        <source>Connection</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>This system has no keyring; the token is forgotten when Fireside closes.</source>
        <translation>此系统没有钥匙串；关闭 Fireside 后令牌将被清除。</translation>
    </message>
    <message>
        <source>Get models</source>
        <translation>获取模型</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在搜索…</translation>
    </message>
    <message>
        <source>Reading what {name} holds…</source>
        <translation>正在读取 {name} 的内容…</translation>
    </message>
    <message>
        <source>“{name}” is here.</source>
        <translation>“{name}”已下载完成。</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>立即使用</translation>
    </message>
    <message>
        <source>The list of downloads cannot be written: {reason}.</source>
        <translation>无法写入下载列表：{reason}。</translation>
    </message>
</context>
<context>
    <name>EmptyChat</name>
    <message>
        <source>What is on your mind?</source>
        <translation>想聊点什么？</translation>
    </message>
    <message>
        <source>The model runs on this machine. Nothing you write leaves it.</source>
        <translation>模型在本机运行，您写下的内容不会离开这台电脑。</translation>
    </message>
    <message>
        <source>The model runs on another machine. What you write goes to {host}.</source>
        <translation>模型在另一台电脑上运行，您写下的内容会发送到 {host}。</translation>
    </message>
</context>
<context>
    <name>EndpointDialog</name>
    <message>
        <source>Remote endpoint</source>
        <translation>远程端点</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Such as https://api.example.com/v1 or localhost:8000. The key is sent to this address alone.</source>
        <translation>例如 https://api.example.com/v1 或 localhost:8000。密钥只会发送到此地址。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>What you call it; empty: its host.</source>
        <translation>您对它的称呼；留空：使用其主机名。</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>Kept in the system&apos;s keyring. Empty where none is needed.</source>
        <translation>保存在系统钥匙串中。不需要密钥时请留空。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Only for a server that does not list its models.</source>
        <translation>仅用于不列出模型的服务器。</translation>
    </message>
    <message>
        <source>The key that is kept</source>
        <translation>已保存的密钥</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Save and ask for its models</source>
        <translation>保存并获取模型列表</translation>
    </message>
    <message>
        <source>Asking {host} for its models…</source>
        <translation>正在向 {host} 获取模型列表…</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>The path that is shown</source>
        <translation>当前显示的分支</translation>
    </message>
    <message>
        <source>All versions</source>
        <translation>所有版本</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考过程</translation>
    </message>
    <message>
        <source>Model, settings and timings</source>
        <translation>模型、设置和用时</translation>
    </message>
    <message>
        <source>Attached files</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>Pack into one zip file</source>
        <translation>打包为一个 zip 文件</translation>
    </message>
    <message>
        <source>Where to</source>
        <translation>保存到</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Exporting</source>
        <translation>正在导出</translation>
    </message>
    <message>
        <source>Which chats</source>
        <translation>哪些对话</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Of each chat</source>
        <translation>每个对话中</translation>
    </message>
    <message>
        <source>With</source>
        <translation>包含</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>正在写入…</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Export into a folder</source>
        <translation>导出到文件夹</translation>
    </message>
    <message>
        <source>Name a file or a folder to write to.</source>
        <translation>请指定要写入的文件或文件夹。</translation>
    </message>
</context>
<context>
    <name>ExportsController</name>
    <message>
        <source>This chat</source>
        <translation>此对话</translation>
    </message>
    <message numerus="yes">
        <source>%n selected chat(s)</source>
        <translation>
            <numerusform>选中的 %n 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>The folder “{name}”</source>
        <translation>文件夹“{name}”</translation>
    </message>
    <message>
        <source>Export this chat…</source>
        <translation>导出此对话…</translation>
    </message>
    <message>
        <source>There is no conversation to export yet.</source>
        <translation>还没有可导出的对话。</translation>
    </message>
    <message numerus="yes">
        <source>All %n chat(s)</source>
        <translation>
            <numerusform>全部 %n 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>Exported to “{name}”.</source>
        <translation>已导出到“{name}”。</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
</context>
<context>
    <name>FileDialog</name>
    <message>
        <source>Only the beginning is shown here; the model reads all of it.</source>
        <translation>这里只显示开头；模型会读取全部内容。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Only the name of this file is known.</source>
        <translation>只知道此文件的名称。</translation>
    </message>
    <message>
        <source>Content of the file</source>
        <translation>文件内容</translation>
    </message>
    <message>
        <source>This picture is damaged or of a kind that cannot be shown.</source>
        <translation>此图片已损坏，或是无法显示的格式。</translation>
    </message>
</context>
<context>
    <name>FindBar</name>
    <message>
        <source>{current} of {count}</source>
        <translation>{current} / {count}</translation>
    </message>
    <message>
        <source>{current} of {count}…</source>
        <translation>{current} / {count}…</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在搜索…</translation>
    </message>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Previous (Shift+Enter)</source>
        <translation>上一个 (Shift+Enter)</translation>
    </message>
    <message>
        <source>Next (Enter)</source>
        <translation>下一个 (Enter)</translation>
    </message>
    <message>
        <source>Close (Esc)</source>
        <translation>关闭 (Esc)</translation>
    </message>
</context>
<context>
    <name>FormulaBlock</name>
    <message>
        <source>Formula: {latex}</source>
        <translation>公式：{latex}</translation>
    </message>
</context>
<context>
    <name>GeneralPage</name>
    <message>
        <source>General</source>
        <translation>通用</translation>
    </message>
    <message>
        <source>System</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>System follows the desktop&apos;s language.</source>
        <translation>“跟随系统”即采用桌面的语言。</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Data folder</source>
        <translation>数据文件夹</translation>
    </message>
    <message>
        <source>Conversations, settings and presets lie in {folder}.</source>
        <translation>对话、设置和预设保存在 {folder}。</translation>
    </message>
</context>
<context>
    <name>HintsController</name>
    <message>
        <source>{keys} finds every command, chat and model by a few letters.</source>
        <translation>按 {keys}，输入几个字母即可找到任何命令、对话和模型。</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>试一试</translation>
    </message>
</context>
<context>
    <name>HubPage</name>
    <message>
        <source>Name of a model, or organisation/name</source>
        <translation>模型名称，或“组织/名称”</translation>
    </message>
    <message>
        <source>Search for models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Connection…</source>
        <translation>连接…</translation>
    </message>
    <message>
        <source>Found models</source>
        <translation>找到的模型</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Fireside works without a network. To look for models it would contact {host}: what you search for and which files you fetch become known there, and nothing else. Your conversations stay here.</source>
        <translation>Fireside 无需联网即可使用。要查找模型，需要连接 {host}：对方会知道您搜索的内容和下载的文件，除此之外一无所知。您的对话始终留在本机。</translation>
    </message>
    <message>
        <source>Contact {host}</source>
        <translation>连接 {host}</translation>
    </message>
    <message>
        <source>{name} (asks for an account)</source>
        <translation>{name}（需要账号）</translation>
    </message>
    <message>
        <source>No model of this name with GGUF or safetensors files was found.</source>
        <translation>没有找到该名称且含有 GGUF 或 safetensors 文件的模型。</translation>
    </message>
    <message>
        <source>This repository holds no files that Fireside can run.</source>
        <translation>此仓库中没有 Fireside 能运行的文件。</translation>
    </message>
</context>
<context>
    <name>IdleUnload</name>
    <message numerus="yes">
        <source>The model was unloaded after %n idle minute(s); your next message loads it.</source>
        <translation>
            <numerusform>模型闲置 %n 分钟后已卸载；发送下一条消息时会重新加载。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message>
        <source>Import conversations</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Progress of the import</source>
        <translation>导入进度</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Fireside database: {name}</source>
        <translation>Fireside 数据库：{name}</translation>
    </message>
    <message>
        <source>From ChatGPT, Claude, Open WebUI, LM Studio, Jan, GPT4All, SillyTavern, text-generation-webui, llama.cpp, ShareGPT, messages as JSON Lines, or another Fireside. Its content tells what it is, and you see what it holds before anything is taken in.</source>
        <translation>支持 ChatGPT、Claude、Open WebUI、LM Studio、Jan、GPT4All、SillyTavern、text-generation-webui、llama.cpp、ShareGPT、JSON Lines 格式的消息，以及其他 Fireside 的数据。格式会根据内容自动识别，导入前您可以先查看其中包含什么。</translation>
    </message>
    <message>
        <source>Choose a file or zip…</source>
        <translation>选择文件或 zip…</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Choose another…</source>
        <translation>重新选择…</translation>
    </message>
    <message>
        <source>What the file holds</source>
        <translation>文件中的内容</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>{format}, {first}. Chats: {conversations}. Messages: {messages}.</source>
        <translation>{format}，{first}。对话：{conversations}。消息：{messages}。</translation>
    </message>
    <message>
        <source>{format}, {first} to {last}. Chats: {conversations}. Messages: {messages}.</source>
        <translation>{format}，{first} 至 {last}。对话：{conversations}。消息：{messages}。</translation>
    </message>
    <message numerus="yes">
        <source>%n of them are here already and get what is new.</source>
        <translation>
            <numerusform>其中 %n 个已存在，只补充新内容。</numerusform>
        </translation>
    </message>
    <message>
        <source>What is left out, and why</source>
        <translation>未导入的内容及原因</translation>
    </message>
</context>
<context>
    <name>ImportsController</name>
    <message>
        <source>Looking at “{name}”…</source>
        <translation>正在查看“{name}”…</translation>
    </message>
    <message>
        <source>Importing “{name}”…</source>
        <translation>正在导入“{name}”…</translation>
    </message>
    <message>
        <source>The import was stopped; nothing was taken in.</source>
        <translation>导入已停止，未载入任何内容。</translation>
    </message>
    <message>
        <source>Chats added: {added}. With new messages: {merged}. Here already: {unchanged}.</source>
        <translation>新增对话：{added}。有新消息的对话：{merged}。已存在：{unchanged}。</translation>
    </message>
    <message>
        <source>{sentence} Left out: {count}.</source>
        <translation>{sentence}未导入：{count}。</translation>
    </message>
    <message>
        <source>The import was taken out again.</source>
        <translation>已撤销导入。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>InspectorController</name>
    <message>
        <source>The reply is being written.</source>
        <translation>正在撰写回复。</translation>
    </message>
    <message>
        <source>This reply was made by a remote model; only one on this machine can be looked into.</source>
        <translation>这条回复由远程模型生成；只能查看本机模型的内部。</translation>
    </message>
    <message>
        <source>No model is loaded; what its tokens spell is known when it is.</source>
        <translation>尚未加载模型；加载后才能知道各 Token 对应的文字。</translation>
    </message>
    <message>
        <source>What this reply was made of is not known: it was imported, edited or cut off.</source>
        <translation>无法得知这条回复的构成：它是导入的、编辑过的或被截断的。</translation>
    </message>
    <message>
        <source>This reply was made by another model ({name}); open that one to look inside.</source>
        <translation>这条回复由另一个模型（{name}）生成；打开那个模型才能查看内部。</translation>
    </message>
    <message>
        <source>This reply was made by a remote model. Its server told how sure the model was; more cannot be known.</source>
        <translation>此回复由远程模型生成。其服务器给出了模型的确信程度；除此之外无从得知。</translation>
    </message>
</context>
<context>
    <name>InspectorPanel</name>
    <message>
        <source>Token {number} of {count}</source>
        <translation>第 {number} 个 Token，共 {count} 个</translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s); click a word, or choose one here</source>
        <translation>
            <numerusform>%Ln 个 Token；点击一个词，或在此选择</numerusform>
        </translation>
    </message>
    <message>
        <source>Choose a reply to look inside, by the eye below it.</source>
        <translation>点击回复下方的眼睛图标，查看其内部。</translation>
    </message>
    <message>
        <source>Look inside: why this word?</source>
        <translation>查看内部：为什么是这个词？</translation>
    </message>
    <message>
        <source>Compare with another model</source>
        <translation>与另一个模型比较</translation>
    </message>
    <message>
        <source>Close the inspector</source>
        <translation>关闭检查面板</translation>
    </message>
    <message>
        <source>Previous token</source>
        <translation>上一个 Token</translation>
    </message>
    <message>
        <source>Next token</source>
        <translation>下一个 Token</translation>
    </message>
    <message>
        <source>What is shown</source>
        <translation>显示内容</translation>
    </message>
    <message>
        <source>What is shown of the reply</source>
        <translation>显示回复的哪方面</translation>
    </message>
</context>
<context>
    <name>LensView</name>
    <message>
        <source>Layer by layer</source>
        <translation>逐层查看</translation>
    </message>
    <message>
        <source>“{token}” was not the likeliest: the last layer has it at rank {rank} with {chance}.</source>
        <translation>“{token}”并非可能性最大：在最后一层排名 {rank}，概率 {chance}。</translation>
    </message>
    <message>
        <source>“{token}” leads from layer {layer} of {count} on.</source>
        <translation>从第 {layer} 层（共 {count} 层）起，“{token}”领先。</translation>
    </message>
    <message>
        <source>Layer {layer}: “{token}” is at rank {rank} with {chance}</source>
        <translation>第 {layer} 层：“{token}”排名 {rank}，概率 {chance}</translation>
    </message>
    <message>
        <source>{word} ({chance})</source>
        <translation>{word}（{chance}）</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Likeliest</source>
        <translation>最可能</translation>
    </message>
    <message>
        <source>Second</source>
        <translation>其次</translation>
    </message>
    <message>
        <source>Came</source>
        <translation>实际出现</translation>
    </message>
    <message>
        <source>What each layer would have said</source>
        <translation>每一层会说什么</translation>
    </message>
    <message>
        <source>Each row: what the model would say if it ended there</source>
        <translation>每一行：如果模型到此为止，会说什么</translation>
    </message>
    <message>
        <source>Each layer&apos;s output is read as if it were the last one (the logit lens). The first layers are not made for that, so their guesses say little.</source>
        <translation>把每一层的输出当作最后一层来读（Logit Lens）。前面的层并非为此而设，它们的猜测意义不大。</translation>
    </message>
</context>
<context>
    <name>LibraryController</name>
    <message>
        <source>Looking for models…</source>
        <translation>正在查找模型…</translation>
    </message>
    <message numerus="yes">
        <source>%n model(s)</source>
        <translation>
            <numerusform>%n 个模型</numerusform>
        </translation>
    </message>
    <message>
        <source>Add a folder with models</source>
        <translation>添加模型文件夹</translation>
    </message>
    <message>
        <source>The list of models cannot be written: {reason}.</source>
        <translation>无法写入模型列表：{reason}。</translation>
    </message>
</context>
<context>
    <name>LibraryDialog</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Ways to a model</source>
        <translation>获取模型的方式</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>本机</translation>
    </message>
</context>
<context>
    <name>LibraryPage</name>
    <message>
        <source>Filter by name, family, weights or place</source>
        <translation>按名称、系列、权重或位置筛选</translation>
    </message>
    <message>
        <source>Filter models</source>
        <translation>筛选模型</translation>
    </message>
    <message>
        <source>Add folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查找</translation>
    </message>
    <message>
        <source>Where to look…</source>
        <translation>查找位置…</translation>
    </message>
    <message>
        <source>Models on this machine</source>
        <translation>本机的模型</translation>
    </message>
</context>
<context>
    <name>LibraryTable</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>系列</translation>
    </message>
    <message>
        <source>not there</source>
        <translation>不存在</translation>
    </message>
    <message>
        <source>cannot be loaded</source>
        <translation>无法加载</translation>
    </message>
</context>
<context>
    <name>Links</name>
    <message>
        <source>This link does not lead where its text says. It leads to: {target}</source>
        <translation>此链接的实际目标与文字不符，它指向：{target}</translation>
    </message>
</context>
<context>
    <name>LookingController</name>
    <message>
        <source>Click a word of the reply to see how the model came to it.</source>
        <translation>点击回复中的一个词，查看模型如何得出它。</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>正在查看…</translation>
    </message>
    <message>
        <source>A reply is being written; choose the word again when it is done.</source>
        <translation>正在撰写回复；完成后请重新选择这个词。</translation>
    </message>
    <message>
        <source>The layers of this model keep a state instead of looking back at earlier words.</source>
        <translation>这个模型的各层保存状态，而不回看之前的词。</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Temporary chat: kept nowhere, gone when Fireside closes</source>
        <translation>临时对话：不会保存，关闭 Fireside 后即消失</translation>
    </message>
    <message>
        <source>Remote: your messages go to {host}</source>
        <translation>远程：您的消息会发送到 {host}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>正在加载模型</translation>
    </message>
    <message>
        <source>More actions</source>
        <translation>更多操作</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Close this message</source>
        <translation>关闭此消息</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>MessageEditor</name>
    <message>
        <source>Edit the message</source>
        <translation>编辑消息</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>MessageMenu</name>
    <message>
        <source>Copy as text</source>
        <translation>复制为纯文本</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Regenerate with</source>
        <translation>用其他模型重新生成</translation>
    </message>
    <message>
        <source>{name} at {host}</source>
        <translation>{host} 上的 {name}</translation>
    </message>
    <message>
        <source>Compare with…</source>
        <translation>与其他模型比较…</translation>
    </message>
    <message>
        <source>Details…</source>
        <translation>详情…</translation>
    </message>
</context>
<context>
    <name>MessageMenuController</name>
    <message>
        <source>Written</source>
        <translation>生成时间</translation>
    </message>
    <message>
        <source>{speed} tok/s · {seconds} s to the first word</source>
        <translation>{speed} Token/秒 · 首字 {seconds} 秒</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Quantisation</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Remote model of</source>
        <translation>远程模型来自</translation>
    </message>
    <message>
        <source>Model file</source>
        <translation>模型文件</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>SHA-256 of the model</source>
        <translation>模型的 SHA-256</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Time to the first word</source>
        <translation>首字用时</translation>
    </message>
    <message>
        <source>Reading the prompt</source>
        <translation>读取提示词</translation>
    </message>
    <message>
        <source>Writing</source>
        <translation>生成回复</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Of these, already cached</source>
        <translation>其中已缓存</translation>
    </message>
    <message>
        <source>Reply</source>
        <translation>回复</translation>
    </message>
    <message>
        <source>Guessed ahead</source>
        <translation>提前猜测</translation>
    </message>
    <message>
        <source>Longest reply</source>
        <translation>最大回复长度</translation>
    </message>
    <message>
        <source>Ended by</source>
        <translation>结束原因</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Version of Fireside</source>
        <translation>Fireside 版本</translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s)</source>
        <translation>
            <numerusform>%Ln Token</numerusform>
        </translation>
    </message>
    <message>
        <source>{right} of {guessed} tokens were right</source>
        <translation>{guessed} 个 Token 中猜对 {right} 个</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
    <message>
        <source>{speed} tok/s</source>
        <translation>{speed} Token/秒</translation>
    </message>
    <message>
        <source>the model</source>
        <translation>模型自行结束</translation>
    </message>
    <message>
        <source>a stop text</source>
        <translation>停止字符串</translation>
    </message>
    <message>
        <source>the longest reply that the settings allow</source>
        <translation>设置允许的最大回复长度</translation>
    </message>
    <message>
        <source>the full context</source>
        <translation>上下文已满</translation>
    </message>
    <message>
        <source>you</source>
        <translation>您</translation>
    </message>
</context>
<context>
    <name>MessageView</name>
    <message>
        <source>The context is full: the model reads from here on</source>
        <translation>上下文已满：模型从这里开始读取</translation>
    </message>
    <message>
        <source>Previous version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Previous version (Alt+Left)</source>
        <translation>上一个版本 (Alt+Left)</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>Next version (Alt+Right)</source>
        <translation>下一个版本 (Alt+Right)</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Branch into a new chat</source>
        <translation>分支为新对话</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>More for this message</source>
        <translation>此消息的更多操作</translation>
    </message>
</context>
<context>
    <name>MessagesController</name>
    <message>
        <source>This is a new chat; the old one is as it was.</source>
        <translation>这是一个新对话；原对话保持不变。</translation>
    </message>
    <message>
        <source>Message deleted.</source>
        <translation>消息已删除。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>ModelDetails</name>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Find again…</source>
        <translation>重新定位…</translation>
    </message>
    <message>
        <source>Remove from the list</source>
        <translation>从列表移除</translation>
    </message>
    <message>
        <source>Leave it out of the lists until it is opened again. The file stays.</source>
        <translation>从列表中移除，直到再次打开。文件会保留。</translation>
    </message>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
    <message>
        <source>Load this model in its own way</source>
        <translation>为此模型单独设置加载方式</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>A draft model guesses ahead; what is said stays the same. Measured: one that is always right and a sixth as costly gave 30 tokens a second instead of 24. Where it does not pay, it pauses by itself; a reply&apos;s details say how many guesses were right.</source>
        <translation>草稿模型会提前猜测后面的 Token；回复内容不变。实测：草稿模型总是猜对且开销为六分之一时，速度为每秒 30 个 Token，而不用时为 24 个。得不偿失时会自动暂停；回复详情会显示猜对了多少。</translation>
    </message>
    <message>
        <source>How a conversation is written for the model. Automatic: as its file says, or where that says nothing, as suits its vocabulary. Another one helps when its own fails.</source>
        <translation>对话以何种格式写给模型。自动：按模型文件的规定；文件没有规定时，按其词表选用。模型自带的模板出错时，可换用其他模板。</translation>
    </message>
    <message>
        <source>Context length</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>Conversation cache</source>
        <translation>对话缓存</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Draft model</source>
        <translation>草稿模型</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>系列</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层数</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Longest context</source>
        <translation>最大上下文</translation>
    </message>
    <message>
        <source>Tokenizer</source>
        <translation>分词器</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>有</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>not named</source>
        <translation>未注明</translation>
    </message>
    <message>
        <source>Recommended</source>
        <translation>推荐值</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>{path} (not there any more)</source>
        <translation>{path}（已不存在）</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>No smaller model of the same vocabulary is known here</source>
        <translation>这里没有词表相同的更小模型</translation>
    </message>
</context>
<context>
    <name>ModelMenu</name>
    <message>
        <source>Filter models</source>
        <translation>筛选模型</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>More models…</source>
        <translation>更多模型…</translation>
    </message>
    <message>
        <source>The library: all models on this machine, with their details</source>
        <translation>模型库：本机所有模型及其详情</translation>
    </message>
    <message>
        <source>Open model file…</source>
        <translation>打开模型文件…</translation>
    </message>
    <message>
        <source>Open model folder…</source>
        <translation>打开模型文件夹…</translation>
    </message>
    <message>
        <source>No model has all these words.</source>
        <translation>没有包含所有这些词的模型。</translation>
    </message>
    <message>
        <source>Used lately</source>
        <translation>最近使用</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Remote: your messages go to {host}</source>
        <translation>远程：您的消息会发送到 {host}</translation>
    </message>
</context>
<context>
    <name>ModelPicker</name>
    <message>
        <source>No model</source>
        <translation>无模型</translation>
    </message>
    <message>
        <source>Remote model: {name} at {host}</source>
        <translation>远程模型：{host} 上的 {name}</translation>
    </message>
    <message>
        <source>Remote: your messages go to {host}</source>
        <translation>远程：您的消息会发送到 {host}</translation>
    </message>
    <message>
        <source>Model: {name}</source>
        <translation>模型：{name}</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
</context>
<context>
    <name>ModelSourcesPage</name>
    <message>
        <source>Model folders</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>Your folders</source>
        <translation>您的文件夹</translation>
    </message>
    <message>
        <source>Looked into with all folders inside them. Links out of them are not followed.</source>
        <translation>会查找其中的所有子文件夹，但不跟随指向外部的链接。</translation>
    </message>
    <message>
        <source>Add folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Models of {program}</source>
        <translation>{program} 的模型</translation>
    </message>
    <message>
        <source>Add a folder with models</source>
        <translation>添加模型文件夹</translation>
    </message>
</context>
<context>
    <name>ModelsController</name>
    <message>
        <source>No model was found on this machine; open a model file or folder to begin.</source>
        <translation>本机未找到模型；请打开模型文件或文件夹以开始使用。</translation>
    </message>
    <message>
        <source>Loading {name}…</source>
        <translation>正在加载 {name}…</translation>
    </message>
    <message>
        <source>Load anyway</source>
        <translation>仍然加载</translation>
    </message>
    <message>
        <source>Load {name}</source>
        <translation>加载 {name}</translation>
    </message>
    <message>
        <source>Smaller cache (q8_0)</source>
        <translation>更小的缓存 (q8_0)</translation>
    </message>
    <message>
        <source>Context of {tokens} tokens</source>
        <translation>{tokens} Token 的上下文</translation>
    </message>
    <message>
        <source>Context of {tokens} tokens, smaller cache</source>
        <translation>{tokens} Token 的上下文，更小的缓存</translation>
    </message>
    <message>
        <source>The file of {name} was changed or removed; load it again before you go on.</source>
        <translation>{name} 的文件已更改或移除；请先重新加载再继续。</translation>
    </message>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>处理器 (CPU)</translation>
    </message>
    <message>
        <source>f32: exact, the most memory</source>
        <translation>f32：精确，占用内存最多</translation>
    </message>
    <message>
        <source>f16: half of it</source>
        <translation>f16：内存减半</translation>
    </message>
    <message>
        <source>q8_0: a quarter of it, nearly exact</source>
        <translation>q8_0：内存约为四分之一，几乎无损</translation>
    </message>
    <message>
        <source>Context length</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>How many tokens of a conversation the model can read. More need more memory.</source>
        <translation>模型能读取的对话 Token 数。越大占用的内存越多。</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Where models run. Automatic: the fastest that is there.</source>
        <translation>模型在哪里运行。自动：使用最快的可用设备。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Processor cores that a model uses.</source>
        <translation>模型使用的处理器核心数。</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source> min</source>
        <translation> 分钟</translation>
    </message>
    <message>
        <source>Unload when idle</source>
        <translation>闲置时卸载</translation>
    </message>
    <message>
        <source>Minutes without a message until the model&apos;s memory is given back. The next message loads it.</source>
        <translation>多少分钟没有消息后释放模型占用的内存。下一条消息会重新加载模型。</translation>
    </message>
    <message>
        <source>Read along while I type</source>
        <translation>边输入边读取</translation>
    </message>
    <message>
        <source>A model on this machine reads a message before you send it. Only the time to the first word of its reply changes.</source>
        <translation>本机上的模型会在您发送之前先读取消息。只影响回复出现第一个词所需的时间。</translation>
    </message>
    <message>
        <source>Conversation cache</source>
        <translation>对话缓存</translation>
    </message>
    <message>
        <source>How exactly the model keeps what it has read (the KV cache).</source>
        <translation>模型以多高的精度保存已读取的内容（KV 缓存）。</translation>
    </message>
</context>
<context>
    <name>PaletteController</name>
    <message>
        <source>Settings: {page}</source>
        <translation>设置：{page}</translation>
    </message>
</context>
<context>
    <name>PerplexityController</name>
    <message>
        <source>“{name}” holds no text.</source>
        <translation>“{name}”中没有文字。</translation>
    </message>
    <message>
        <source>Save as a table</source>
        <translation>另存为表格</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>“{name}” is saved.</source>
        <translation>已保存“{name}”。</translation>
    </message>
</context>
<context>
    <name>PerplexityView</name>
    <message>
        <source>Perplexity of a document</source>
        <translation>文档的困惑度</translation>
    </message>
    <message>
        <source>“{name}”: perplexity {perplexity}, {nats} nats a token over {tokens} tokens.</source>
        <translation>“{name}”：困惑度 {perplexity}，每个 Token {nats} nat，共 {tokens} 个 Token。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Open a file…</source>
        <translation>打开文件…</translation>
    </message>
    <message>
        <source>The model in use reads a document of yours and says how likely it finds each word. The less it is surprised, the lower the perplexity.</source>
        <translation>当前模型会阅读您的一份文档，给出每个词的可能性。越不意外，困惑度越低。</translation>
    </message>
    <message>
        <source>A text or PDF file; it stays on this machine</source>
        <translation>文本或 PDF 文件；它不会离开本机</translation>
    </message>
    <message>
        <source>Tokens that were read</source>
        <translation>已读取的 Token</translation>
    </message>
    <message>
        <source>The document, tinted by how likely each word is</source>
        <translation>按每个词的可能性着色的文档</translation>
    </message>
    <message>
        <source>Darker: less likely</source>
        <translation>颜色越深：可能性越小</translation>
    </message>
    <message>
        <source>Save as a table…</source>
        <translation>另存为表格…</translation>
    </message>
    <message>
        <source>Every token with its log-probability, rank and entropy (CSV)</source>
        <translation>每个 Token 的对数概率、排名和熵（CSV）</translation>
    </message>
</context>
<context>
    <name>PersonView</name>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
</context>
<context>
    <name>PictureDialog</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>PictureStrip</name>
    <message>
        <source>Picture {name}</source>
        <translation>图片 {name}</translation>
    </message>
</context>
<context>
    <name>PreferencesController</name>
    <message>
        <source>The settings cannot be saved: {reason}.</source>
        <translation>无法保存设置：{reason}。</translation>
    </message>
    <message>
        <source>The model was loaded with other settings.</source>
        <translation>模型是以其他设置加载的。</translation>
    </message>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
</context>
<context>
    <name>PresetsController</name>
    <message>
        <source>My preset</source>
        <translation>我的预设</translation>
    </message>
    <message>
        <source>New preset</source>
        <translation>新预设</translation>
    </message>
    <message>
        <source>“{name}” was deleted. Chats that use it go on as they are.</source>
        <translation>“{name}”已删除。正在使用它的对话不受影响。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message numerus="yes">
        <source>%n preset(s) imported.</source>
        <translation>
            <numerusform>已导入 %n 个预设。</numerusform>
        </translation>
    </message>
    <message>
        <source>Export presets</source>
        <translation>导出预设</translation>
    </message>
    <message>
        <source>Presets (*.json)</source>
        <translation>预设 (*.json)</translation>
    </message>
    <message>
        <source>Exported to {name}.</source>
        <translation>已导出到 {name}。</translation>
    </message>
    <message>
        <source>The presets cannot be saved: {reason}.</source>
        <translation>无法保存预设：{reason}。</translation>
    </message>
</context>
<context>
    <name>PresetsDialog</name>
    <message>
        <source>Presets</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Emoji</source>
        <translation>表情符号</translation>
    </message>
    <message>
        <source>Colour…</source>
        <translation>颜色…</translation>
    </message>
    <message>
        <source>The colour of this persona</source>
        <translation>此角色的颜色</translation>
    </message>
    <message>
        <source>Built in. Duplicate it to change it.</source>
        <translation>内置预设。如需修改，请先复制一份。</translation>
    </message>
    <message>
        <source>Set to this chat&apos;s values</source>
        <translation>设为此对话的值</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>复制一份</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>{title}: {value}</source>
        <translation>{title}：{value}</translation>
    </message>
    <message>
        <source>This preset sets no value yet.</source>
        <translation>此预设尚未设置任何值。</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新建</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
</context>
<context>
    <name>PrivacyPage</name>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Open the log file</source>
        <translation>打开日志文件</translation>
    </message>
    <message>
        <source>Log file</source>
        <translation>日志文件</translation>
    </message>
    <message>
        <source>What happened, for finding errors. It holds no text of any message.</source>
        <translation>记录运行情况，用于排查错误，不含任何消息内容。</translation>
    </message>
    <message>
        <source>Look for models on the internet</source>
        <translation>在互联网上查找模型</translation>
    </message>
    <message>
        <source>Off, the hub is never contacted. On, searching and fetching models contacts it.</source>
        <translation>关闭时，绝不会联系模型站点。开启后，搜索和下载模型会联系该站点。</translation>
    </message>
</context>
<context>
    <name>PromptController</name>
    <message>
        <source>Reading the prompt…</source>
        <translation>正在读取提示词…</translation>
    </message>
    <message>
        <source>A reply is being written; the prompt is shown when it is done.</source>
        <translation>正在撰写回复；完成后显示提示词。</translation>
    </message>
</context>
<context>
    <name>PromptView</name>
    <message>
        <source>What the model read</source>
        <translation>模型读到的内容</translation>
    </message>
    <message>
        <source>id</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>from</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>cached</source>
        <translation>已缓存</translation>
    </message>
    <message>
        <source>{number}. {role}</source>
        <translation>{number}. {role}</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>已略去</translation>
    </message>
    <message>
        <source>Too old for the context: the model did not read it</source>
        <translation>太旧，超出上下文：模型没有读到它</translation>
    </message>
    <message>
        <source>{message}, left out of the context</source>
        <translation>{message}，未放入上下文</translation>
    </message>
    <message>
        <source>{message}: {count} tokens, {cached} of them cached</source>
        <translation>{message}：{count} 个 Token，其中 {cached} 个已缓存</translation>
    </message>
    <message>
        <source>{count} of {context} tokens, {cached} of them still cached, as {type}.</source>
        <translation>{count} / {context} 个 Token，其中 {cached} 个仍在缓存中，类型为 {type}。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln message(s) were too old for the context.</source>
        <translation>
            <numerusform>有 %Ln 条消息太旧，超出了上下文。</numerusform>
        </translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token 数</translation>
    </message>
    <message>
        <source>Cached</source>
        <translation>已缓存</translation>
    </message>
    <message>
        <source>Messages of the prompt</source>
        <translation>提示词中的消息</translation>
    </message>
    <message>
        <source>Go to where a message begins</source>
        <translation>跳到消息开始处</translation>
    </message>
    <message>
        <source>Show token ids</source>
        <translation>显示 Token 编号</translation>
    </message>
    <message>
        <source>Each token with its number in the vocabulary</source>
        <translation>每个 Token 及其在词表中的编号</translation>
    </message>
    <message>
        <source>The prompt as tokens</source>
        <translation>以 Token 显示的提示词</translation>
    </message>
    <message>
        <source>Underlined: not cached, it must be read again</source>
        <translation>下划线：未缓存，需要重新读取</translation>
    </message>
    <message>
        <source>Copy as a table</source>
        <translation>复制为表格</translation>
    </message>
    <message>
        <source>Every token with its id, where it comes from, and whether it is cached</source>
        <translation>每个 Token 的编号、来源以及是否已缓存</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>模板</translation>
    </message>
    <message>
        <source>Control</source>
        <translation>控制</translation>
    </message>
    <message>
        <source>Reply</source>
        <translation>回复</translation>
    </message>
</context>
<context>
    <name>ProofView</name>
    <message>
        <source>Proof</source>
        <translation>验证</translation>
    </message>
    <message>
        <source>{name}: {recorded}, now {found}</source>
        <translation>{name}：{recorded}，现在是 {found}</translation>
    </message>
    <message>
        <source>{name}: {recorded}</source>
        <translation>{name}：{recorded}</translation>
    </message>
    <message>
        <source>Stopped before the end; nothing differed so far.</source>
        <translation>尚未到末尾就已停止；到目前为止没有差异。</translation>
    </message>
    <message numerus="yes">
        <source>Identical: %Ln token(s).</source>
        <translation>
            <numerusform>完全一致：%Ln 个 Token。</numerusform>
        </translation>
    </message>
    <message>
        <source>Identical up to token {place}, which a person chose: “{came}”.</source>
        <translation>到第 {place} 个 Token 为止一致，该 Token 由人选择：“{came}”。</translation>
    </message>
    <message>
        <source>Differs at token {place} of {total}: the reply ends there now.</source>
        <translation>在第 {place} 个 Token（共 {total} 个）处不同：现在回复在此结束。</translation>
    </message>
    <message>
        <source>Differs at token {place} of {total}: “{came}” came, “{comes}” comes now.</source>
        <translation>在第 {place} 个 Token（共 {total} 个）处不同：当时是“{came}”，现在是“{comes}”。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>SHA-256 of the model&apos;s file</source>
        <translation>模型文件的 SHA-256</translation>
    </message>
    <message>
        <source>Quantisation</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Weights (fingerprint)</source>
        <translation>权重（指纹）</translation>
    </message>
    <message>
        <source>Version of the engine</source>
        <translation>引擎版本</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Number type</source>
        <translation>数值类型</translation>
    </message>
    <message>
        <source>Kept keys and values</source>
        <translation>保存的键和值</translation>
    </message>
    <message>
        <source>Kernels</source>
        <translation>计算内核</translation>
    </message>
    <message>
        <source>Prompt (digest)</source>
        <translation>提示词（摘要）</translation>
    </message>
    <message>
        <source>Tokens read before</source>
        <translation>之前已读的 Token</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Verify this reply</source>
        <translation>验证这条回复</translation>
    </message>
    <message>
        <source>The reply is made again with the recorded settings and seed, and compared token by token.</source>
        <translation>用记录的设置和随机种子重新生成回复，并逐个 Token 比较。</translation>
    </message>
    <message>
        <source>Takes as long as the reply did</source>
        <translation>所需时间与生成回复时相同</translation>
    </message>
    <message>
        <source>Tokens that came again</source>
        <translation>再次出现的 Token</translation>
    </message>
    <message>
        <source>What could have come there</source>
        <translation>那里可能出现什么</translation>
    </message>
    <message>
        <source>The model&apos;s chances in the record and now</source>
        <translation>记录中与现在的模型概率</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Recorded</source>
        <translation>记录</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>What the record says</source>
        <translation>记录内容</translation>
    </message>
    <message>
        <source>Exports hold this record</source>
        <translation>导出的文件包含此记录</translation>
    </message>
    <message>
        <source>What</source>
        <translation>项目</translation>
    </message>
</context>
<context>
    <name>QueueView</name>
    <message>
        <source>Messages that wait</source>
        <translation>等待发送的消息</translation>
    </message>
    <message>
        <source>Not sent yet. Send now?</source>
        <translation>尚未发送。现在发送？</translation>
    </message>
    <message>
        <source>Sent when the reply ends:</source>
        <translation>回复结束后发送：</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Send the messages that wait</source>
        <translation>发送等待中的消息</translation>
    </message>
</context>
<context>
    <name>QueueingController</name>
    <message>
        <source>The message is not sent.</source>
        <translation>消息未发送。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>RemotePage</name>
    <message>
        <source>Remote</source>
        <translation>远程</translation>
    </message>
    <message>
        <source>Use remote models</source>
        <translation>使用远程模型</translation>
    </message>
    <message>
        <source>Off, no endpoint is contacted. On, your messages go to the one whose model you choose.</source>
        <translation>关闭时，不会联系任何端点。开启后，您的消息会发送到所选模型所属的端点。</translation>
    </message>
    <message>
        <source>Endpoints</source>
        <translation>端点</translation>
    </message>
    <message>
        <source>Servers that speak OpenAI&apos;s interface, such as vLLM, SGLang, llama.cpp or another Fireside. Their models stand in the list of models, marked as remote.</source>
        <translation>使用 OpenAI 接口的服务器，例如 vLLM、SGLang、llama.cpp 或另一个 Fireside。它们的模型会出现在模型列表中，并标明为远程。</translation>
    </message>
    <message>
        <source>Add…</source>
        <translation>添加…</translation>
    </message>
    <message>
        <source>Edit…</source>
        <translation>编辑…</translation>
    </message>
    <message>
        <source>Ask for models</source>
        <translation>获取模型列表</translation>
    </message>
    <message>
        <source>Contacts the endpoint and asks which models it has</source>
        <translation>联系该端点，询问它有哪些模型</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message numerus="yes">
        <source>%n model(s)</source>
        <translation>
            <numerusform>%n 个模型</numerusform>
        </translation>
    </message>
    <message>
        <source>{name}: {host}</source>
        <translation>{name}：{host}</translation>
    </message>
    <message>
        <source>{endpoint}, {count}</source>
        <translation>{endpoint}，{count}</translation>
    </message>
</context>
<context>
    <name>RemoteQuestion</name>
    <message>
        <source>Send messages to another machine?</source>
        <translation>将消息发送到另一台电脑？</translation>
    </message>
    <message>
        <source>“{model}” does not run on this machine. Your messages go to {host}.</source>
        <translation>“{model}”不在本机运行。您的消息会发送到 {host}。</translation>
    </message>
    <message>
        <source>With each message, what came before it in the chat is sent, too: replies of other models, attached text and the system prompt. What becomes of it there is up to who runs that server.</source>
        <translation>每条消息都会连同对话中之前的内容一起发送：其他模型的回复、附加的文本和系统提示词。这些内容在那里如何处理，取决于该服务器的运营者。</translation>
    </message>
    <message>
        <source>The connection is not encrypted: whoever is on the way can read along.</source>
        <translation>连接未加密：传输途中的任何人都可以读到内容。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Send to {host}</source>
        <translation>发送到 {host}</translation>
    </message>
</context>
<context>
    <name>RemotesController</name>
    <message>
        <source>This remote model is not available; look into the settings, at “Remote”.</source>
        <translation>此远程模型不可用；请查看设置中的“远程”页面。</translation>
    </message>
    <message>
        <source>This endpoint is there already; edit it instead.</source>
        <translation>此端点已存在；请改为编辑它。</translation>
    </message>
    <message>
        <source>{host} lists no model; enter the name of one.</source>
        <translation>{host} 没有列出模型；请输入一个模型的名称。</translation>
    </message>
    <message>
        <source>It was not kept.</source>
        <translation>未能保存。</translation>
    </message>
    <message>
        <source>This system has no keyring; the key is forgotten when Fireside closes.</source>
        <translation>此系统没有钥匙串；关闭 Fireside 后密钥将被清除。</translation>
    </message>
    <message>
        <source>Remote models are switched off; nothing was asked.</source>
        <translation>远程模型已关闭；没有发出任何查询。</translation>
    </message>
    <message>
        <source>Asking {host} for its models…</source>
        <translation>正在向 {host} 获取模型列表…</translation>
    </message>
    <message>
        <source>{host} lists no model.</source>
        <translation>{host} 没有列出模型。</translation>
    </message>
    <message>
        <source>The list of endpoints cannot be written: {reason}.</source>
        <translation>无法写入端点列表：{reason}。</translation>
    </message>
</context>
<context>
    <name>ReplySettingsController</name>
    <message>
        <source>The changes of this chat are dropped.</source>
        <translation>已放弃此对话的更改。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>New chats begin without a preset.</source>
        <translation>新对话不再使用预设。</translation>
    </message>
    <message>
        <source>New chats begin with “{name}”.</source>
        <translation>新对话将使用“{name}”。</translation>
    </message>
    <message>
        <source>These settings are your default now.</source>
        <translation>这些设置已设为您的默认值。</translation>
    </message>
    <message>
        <source>No model is loaded yet; open one first.</source>
        <translation>尚未加载模型；请先打开一个模型。</translation>
    </message>
    <message>
        <source>These settings are your default for this model now.</source>
        <translation>这些设置已设为此模型的默认值。</translation>
    </message>
</context>
<context>
    <name>ReplyStream</name>
    <message>
        <source>Waiting for the model…</source>
        <translation>正在等待模型…</translation>
    </message>
    <message>
        <source>Waiting for {host}…</source>
        <translation>正在等待 {host}…</translation>
    </message>
    <message numerus="yes">
        <source>The context is full: the oldest %n message(s) are left out of what the model reads.</source>
        <translation>
            <numerusform>上下文已满：最早的 %n 条消息不再提供给模型。</numerusform>
        </translation>
    </message>
    <message>
        <source>Reading the conversation… {percent}%</source>
        <translation>正在读取对话… {percent}%</translation>
    </message>
</context>
<context>
    <name>ReplyView</name>
    <message>
        <source>Reply</source>
        <translation>回复</translation>
    </message>
    <message>
        <source>The model is reading</source>
        <translation>模型正在读取</translation>
    </message>
    <message>
        <source>Regenerate</source>
        <translation>重新生成</translation>
    </message>
    <message>
        <source>Continue this reply</source>
        <translation>继续此回复</translation>
    </message>
    <message>
        <source>Look inside: why this word?</source>
        <translation>查看内部：为什么是这个词？</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Save and continue</source>
        <translation>保存并继续</translation>
    </message>
</context>
<context>
    <name>SamplerLabController</name>
    <message>
        <source>What this reply was drawn from was not kept, so other settings cannot be tried on it.</source>
        <translation>没有保存这条回复的候选，因此无法试用其他设置。</translation>
    </message>
    <message>
        <source>Click a word of the reply to try other settings on it.</source>
        <translation>点击回复中的一个词，试用其他设置。</translation>
    </message>
    <message>
        <source>Trying…</source>
        <translation>正在试用…</translation>
    </message>
    <message>
        <source>Every token would have been the same.</source>
        <translation>每个 Token 都会相同。</translation>
    </message>
    <message>
        <source>{number}: {old} → {new}</source>
        <translation>{number}：{old} → {new}</translation>
    </message>
    <message numerus="yes">
        <source>%Ln token(s) would have been others</source>
        <translation>
            <numerusform>有 %Ln 个 Token 会不同</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln are not certain</source>
        <translation>
            <numerusform>%Ln 个不确定</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SamplerLabView</name>
    <message>
        <source>Try other settings</source>
        <translation>试用其他设置</translation>
    </message>
    <message>
        <source>out</source>
        <translation>已排除</translation>
    </message>
    <message>
        <source>{text}: {was} as it was, now {would}</source>
        <translation>{text}：原来 {was}，现在 {would}</translation>
    </message>
    <message>
        <source>Not certain: tokens of which nothing was kept might have come with these settings. Of those that were kept, {text} would have.</source>
        <translation>不确定：用这些设置，也可能出现没有保存的 Token。在已保存的之中，会是 {text}。</translation>
    </message>
    <message>
        <source>With the same noise, the same token: {text}</source>
        <translation>随机数相同，Token 也相同：{text}</translation>
    </message>
    <message>
        <source>With the same noise, {text} would have come instead.</source>
        <translation>随机数相同，但会出现 {text}。</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Was</source>
        <translation>原来</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>As it was</source>
        <translation>原来</translation>
    </message>
    <message>
        <source>Tokens with these settings</source>
        <translation>采用这些设置时的 Token</translation>
    </message>
    <message>
        <source>Bold: the token that would have come</source>
        <translation>粗体：会出现的 Token</translation>
    </message>
    <message>
        <source>Temperature 0.3</source>
        <translation>温度 0.3</translation>
    </message>
    <message>
        <source>What would have come at a low temperature</source>
        <translation>低温度下会出现什么</translation>
    </message>
    <message>
        <source>Back to the settings that made the reply</source>
        <translation>恢复生成回复时的设置</translation>
    </message>
    <message>
        <source>Try on the whole reply</source>
        <translation>在整条回复上试用</translation>
    </message>
    <message>
        <source>How many of its tokens would have been others, each behind the text as it is</source>
        <translation>在现有文字之后，有多少 Token 会不同</translation>
    </message>
</context>
<context>
    <name>SchemaDialog</name>
    <message>
        <source>JSON output</source>
        <translation>JSON 输出</translation>
    </message>
    <message>
        <source>Every reply of this chat will be JSON that keeps to this schema.</source>
        <translation>此对话的每条回复都将是遵循此 Schema 的 JSON。</translation>
    </message>
    <message>
        <source>Begin with</source>
        <translation>从模板开始</translation>
    </message>
    <message>
        <source>Replaces the text below</source>
        <translation>替换下面的文本</translation>
    </message>
    <message>
        <source>Begin with…</source>
        <translation>从模板开始…</translation>
    </message>
    <message>
        <source>Object with fields</source>
        <translation>含字段的对象</translation>
    </message>
    <message>
        <source>List of strings</source>
        <translation>字符串列表</translation>
    </message>
    <message>
        <source>List of objects</source>
        <translation>对象列表</translation>
    </message>
    <message>
        <source>One of some words</source>
        <translation>若干词之一</translation>
    </message>
    <message>
        <source>JSON schema</source>
        <translation>JSON Schema</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Turn off</source>
        <translation>停用</translation>
    </message>
    <message>
        <source>The schema can be used.</source>
        <translation>此 Schema 可以使用。</translation>
    </message>
    <message>
        <source>Not a schema yet: {problem}.</source>
        <translation>还不是有效的 Schema：{problem}。</translation>
    </message>
</context>
<context>
    <name>SchemaEditor</name>
    <message>
        <source>Off…</source>
        <translation>未启用…</translation>
    </message>
    <message>
        <source>On…</source>
        <translation>已启用…</translation>
    </message>
</context>
<context>
    <name>ServerPage</name>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Serve other programs</source>
        <translation>供其他程序使用</translation>
    </message>
    <message>
        <source>Editors and scripts on this machine that speak OpenAI&apos;s interface can ask the model that is loaded. Web pages and other machines cannot.</source>
        <translation>本机上使用 OpenAI 接口的编辑器和脚本可以使用已加载的模型。网页和其他电脑则不能。</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>Where programs find it on this machine.</source>
        <translation>程序在本机上通过此端口访问。</translation>
    </message>
    <message>
        <source>Require a token</source>
        <translation>要求令牌</translation>
    </message>
    <message>
        <source>Off, every program of every person on this machine may ask.</source>
        <translation>关闭时，本机上任何用户的任何程序都可以使用模型。</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>令牌</translation>
    </message>
    <message>
        <source>What programs call the API key. Whoever has it can use the model; a new one shuts them out.</source>
        <translation>在程序中称为 API 密钥。持有令牌者都可以使用模型；换成新令牌后，旧令牌即失效。</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Shows the token&apos;s letters</source>
        <translation>显示令牌的内容</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Puts the token on the clipboard</source>
        <translation>将令牌复制到剪贴板</translation>
    </message>
    <message>
        <source>New token</source>
        <translation>生成新令牌</translation>
    </message>
    <message>
        <source>Makes another token; programs that have the old one are shut out</source>
        <translation>生成另一个令牌；持有旧令牌的程序将无法再使用</translation>
    </message>
    <message>
        <source>Load other models</source>
        <translation>加载其他模型</translation>
    </message>
    <message>
        <source>Off, only the model of the window is served. On, a program that names another one changes it.</source>
        <translation>关闭时，只提供窗口中的模型。开启后，程序指定其他模型时会更换窗口中的模型。</translation>
    </message>
    <message>
        <source>Log requests</source>
        <translation>记录请求</translation>
    </message>
    <message>
        <source>A line for each in the log file: when, what kind, how long. Never what was asked or answered.</source>
        <translation>每个请求在日志文件中记一行：时间、类型和耗时。绝不记录提问和回答的内容。</translation>
    </message>
    <message>
        <source>Programs find it at {address}.</source>
        <translation>程序可通过 {address} 访问。</translation>
    </message>
    <message>
        <source>Made when the server is switched on</source>
        <translation>开启服务器时生成</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Search settings</source>
        <translation>搜索设置</translation>
    </message>
    <message>
        <source>Pages of settings</source>
        <translation>设置页面</translation>
    </message>
    <message>
        <source>No setting has these words.</source>
        <translation>没有包含这些词的设置。</translation>
    </message>
</context>
<context>
    <name>SettingsPanel</name>
    <message>
        <source>Settings of this chat</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>A set of values under a name, such as a persona</source>
        <translation>一组有名称的设置，例如一个角色</translation>
    </message>
    <message>
        <source>Presets and defaults</source>
        <translation>预设与默认值</translation>
    </message>
    <message>
        <source>Save as preset…</source>
        <translation>另存为预设…</translation>
    </message>
    <message>
        <source>Begin new chats with this preset</source>
        <translation>新对话使用此预设</translation>
    </message>
    <message>
        <source>Make default for this model</source>
        <translation>设为此模型的默认值</translation>
    </message>
    <message>
        <source>Make default for all models</source>
        <translation>设为所有模型的默认值</translation>
    </message>
    <message>
        <source>Drop this chat&apos;s changes</source>
        <translation>放弃此对话的更改</translation>
    </message>
    <message>
        <source>Presets…</source>
        <translation>预设…</translation>
    </message>
    <message>
        <source>More samplers</source>
        <translation>更多采样设置</translation>
    </message>
    <message>
        <source>All other ways to choose among the likely tokens</source>
        <translation>在可能的 Token 中选择的其他方式</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>{name} (deleted)</source>
        <translation>{name}（已删除）</translation>
    </message>
    <message>
        <source>Back to {value}</source>
        <translation>恢复为 {value}</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>from the model</source>
        <translation>来自模型</translation>
    </message>
    <message>
        <source>your default</source>
        <translation>您的默认值</translation>
    </message>
    <message>
        <source>your default for this model</source>
        <translation>您为此模型设的默认值</translation>
    </message>
    <message>
        <source>from preset “{name}”</source>
        <translation>来自预设“{name}”</translation>
    </message>
    <message>
        <source>this chat</source>
        <translation>此对话</translation>
    </message>
    <message>
        <source>Close settings</source>
        <translation>关闭设置</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Search actions or keys</source>
        <translation>搜索操作或按键</translation>
    </message>
    <message>
        <source>Change…</source>
        <translation>更改…</translation>
    </message>
    <message>
        <source>While writing</source>
        <translation>输入消息时</translation>
    </message>
    <message>
        <source>Send the message</source>
        <translation>发送消息</translation>
    </message>
    <message>
        <source>Begin a new line</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>In the list of conversations</source>
        <translation>在对话列表中</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>移动</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Select several</source>
        <translation>多选</translation>
    </message>
</context>
<context>
    <name>ShortcutsList</name>
    <message>
        <source>Actions and their keys</source>
        <translation>操作及其快捷键</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>快捷键</translation>
    </message>
</context>
<context>
    <name>ShortcutsPage</name>
    <message>
        <source>Shortcuts</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Keys of the chosen action</source>
        <translation>所选操作的快捷键</translation>
    </message>
    <message>
        <source>Click here, then press the keys.</source>
        <translation>单击此处，然后按下按键。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Leave the action without keys</source>
        <translation>清除此操作的快捷键</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>Give the action the keys that it came with</source>
        <translation>恢复此操作的默认快捷键</translation>
    </message>
    <message>
        <source>Reset all</source>
        <translation>全部重置</translation>
    </message>
    <message>
        <source>Give every action the keys that it came with</source>
        <translation>恢复所有操作的默认快捷键</translation>
    </message>
    <message>
        <source>{keys} is needed for writing; take others.</source>
        <translation>{keys} 用于输入文字，请换其他按键。</translation>
    </message>
    <message>
        <source>{keys} runs “{action}”.</source>
        <translation>{keys} 已用于“{action}”。</translation>
    </message>
    <message>
        <source>Take it from there</source>
        <translation>改用于此操作</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Search, or #tag</source>
        <translation>搜索，或输入 #标签</translation>
    </message>
    <message>
        <source>Search conversations</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Import chats from another app…</source>
        <translation>从其他应用导入对话…</translation>
    </message>
    <message>
        <source>Bin ({count})</source>
        <translation>回收站 ({count})</translation>
    </message>
    <message>
        <source>Bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Deleted conversations can be restored for 30 days</source>
        <translation>删除的对话可在 30 天内恢复</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>No conversations yet</source>
        <translation>还没有对话</translation>
    </message>
</context>
<context>
    <name>SidebarMenus</name>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Tags…</source>
        <translation>标签…</translation>
    </message>
    <message>
        <source>Move to folder</source>
        <translation>移动到文件夹</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Branch into a new chat</source>
        <translation>分支为新对话</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n chat(s)</source>
        <translation>
            <numerusform>删除 %n 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>New folder inside…</source>
        <translation>新建子文件夹…</translation>
    </message>
    <message>
        <source>Remove folder, keep its chats</source>
        <translation>移除文件夹，保留其中的对话</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Rename conversation</source>
        <translation>重命名对话</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>标题</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Tags, with commas between them</source>
        <translation>标签，用逗号分隔</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Rename folder</source>
        <translation>重命名文件夹</translation>
    </message>
    <message>
        <source>No folder</source>
        <translation>不放入文件夹</translation>
    </message>
</context>
<context>
    <name>SlashCommandsController</name>
    <message>
        <source>A new chat</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>A chat that is kept nowhere</source>
        <translation>不会保存的对话</translation>
    </message>
    <message>
        <source>Another reply</source>
        <translation>换一条回复</translation>
    </message>
    <message>
        <source>Export this chat</source>
        <translation>导出此对话</translation>
    </message>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Reply with another model</source>
        <translation>用其他模型回复</translation>
    </message>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Tell the model how to reply in this chat</source>
        <translation>告诉模型在此对话中如何回复</translation>
    </message>
    <message>
        <source>text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>There is no command /{name}; begin with // to send a slash.</source>
        <translation>没有命令 /{name}；如要发送斜杠，请以 // 开头。</translation>
    </message>
    <message>
        <source>Reply with the preset “{name}”</source>
        <translation>用预设“{name}”回复</translation>
    </message>
    <message>
        <source>No model here is called “{name}”.</source>
        <translation>这里没有名为“{name}”的模型。</translation>
    </message>
</context>
<context>
    <name>StatusRow</name>
    <message>
        <source>{speed} tok/s</source>
        <translation>{speed} Token/秒</translation>
    </message>
    <message>
        <source>{used} of {total} tokens</source>
        <translation>{used} / {total} Token</translation>
    </message>
    <message>
        <source>{used} of {total} tokens: the oldest turns are left out</source>
        <translation>{used} / {total} Token：最早的几轮已省略</translation>
    </message>
    <message>
        <source>{used} of {total} tokens: too long for the model</source>
        <translation>{used} / {total} Token：超出模型的上限</translation>
    </message>
    <message>
        <source>The server counted {used} of {total} tokens with the last reply ({percent}%).</source>
        <translation>服务器统计：上一次回复时已用 {used} / {total} 个 Token（{percent}%）。</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Context used</source>
        <translation>上下文用量</translation>
    </message>
    <message>
        <source>{used} of {total} tokens are in use ({percent}%). When the context is full, the oldest turns are left out of what the model reads.</source>
        <translation>已使用 {used} / {total} 个 Token（{percent}%）。上下文用满后，最早的几轮对话不再提供给模型。</translation>
    </message>
</context>
<context>
    <name>TableBlock</name>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
</context>
<context>
    <name>TemplateMenu</name>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
</context>
<context>
    <name>ThinkingView</name>
    <message>
        <source>Thinking…</source>
        <translation>正在思考…</translation>
    </message>
    <message>
        <source>Thought for {seconds} s</source>
        <translation>思考了 {seconds} 秒</translation>
    </message>
    <message>
        <source>Thought</source>
        <translation>已思考</translation>
    </message>
</context>
<context>
    <name>TokenStrip</name>
    <message>
        <source>Tokens of the reply</source>
        <translation>回复的 Token</translation>
    </message>
    <message>
        <source>Go from token to token (arrow keys)</source>
        <translation>逐个 Token 移动（方向键）</translation>
    </message>
    <message>
        <source>Token {number} of {count}: {text}</source>
        <translation>第 {number} 个 Token，共 {count} 个：{text}</translation>
    </message>
</context>
<context>
    <name>Transcript</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>Copy link</source>
        <translation>复制链接</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Jump to the end</source>
        <translation>跳到末尾</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Show Fireside</source>
        <translation>显示 Fireside</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Fireside: a reply is being written</source>
        <translation>Fireside：正在生成回复</translation>
    </message>
</context>
<context>
    <name>WindowActions</name>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Replies</source>
        <translation>回复</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话管理</translation>
    </message>
    <message>
        <source>Import, export and backup</source>
        <translation>导入、导出与备份</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Temporary chat</source>
        <translation>临时对话</translation>
    </message>
    <message>
        <source>Search conversations</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Find the next place</source>
        <translation>查找下一处</translation>
    </message>
    <message>
        <source>Find the place before</source>
        <translation>查找上一处</translation>
    </message>
    <message>
        <source>Write a message</source>
        <translation>输入消息</translation>
    </message>
    <message>
        <source>Attach files…</source>
        <translation>附加文件…</translation>
    </message>
    <message>
        <source>Stop the reply</source>
        <translation>停止回复</translation>
    </message>
    <message>
        <source>Regenerate the last reply</source>
        <translation>重新生成上一条回复</translation>
    </message>
    <message>
        <source>Copy the last reply</source>
        <translation>复制上一条回复</translation>
    </message>
    <message>
        <source>Look inside: why this word?</source>
        <translation>查看内部：为什么是这个词？</translation>
    </message>
    <message>
        <source>Compare two models…</source>
        <translation>比较两个模型…</translation>
    </message>
    <message>
        <source>Deleted messages…</source>
        <translation>已删除的消息…</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>重命名…</translation>
    </message>
    <message>
        <source>Delete conversation</source>
        <translation>删除对话</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Bin…</source>
        <translation>回收站…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Back up…</source>
        <translation>备份…</translation>
    </message>
    <message>
        <source>Restore a backup…</source>
        <translation>恢复备份…</translation>
    </message>
    <message>
        <source>Open model file…</source>
        <translation>打开模型文件…</translation>
    </message>
    <message>
        <source>Models…</source>
        <translation>模型…</translation>
    </message>
    <message>
        <source>Find a command…</source>
        <translation>查找命令…</translation>
    </message>
    <message>
        <source>Sidebar</source>
        <translation>侧边栏</translation>
    </message>
    <message>
        <source>Settings of this chat</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Keyboard shortcuts…</source>
        <translation>键盘快捷键…</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>放大文字</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>缩小文字</translation>
    </message>
    <message>
        <source>Usual text size</source>
        <translation>默认文字大小</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
</context>
<context>
    <name>WritingController</name>
    <message>
        <source>A file cannot be read; remove it, then send.</source>
        <translation>有文件无法读取；请移除后再发送。</translation>
    </message>
    <message>
        <source>A file is still being read; send in a moment.</source>
        <translation>仍在读取文件；请稍后再发送。</translation>
    </message>
    <message>
        <source>The model sees no pictures; write something, too.</source>
        <translation>模型看不到图片；请同时写些文字。</translation>
    </message>
</context>
<context>
    <name>_Chip</name>
    <message>
        <source>Show “{name}”</source>
        <translation>查看“{name}”</translation>
    </message>
    <message>
        <source>Remove “{name}”</source>
        <translation>移除“{name}”</translation>
    </message>
</context>
<context>
    <name>_Row</name>
    <message numerus="yes">
        <source>%Ln file(s)</source>
        <translation>
            <numerusform>%Ln 个文件</numerusform>
        </translation>
    </message>
    <message>
        <source>Send now</source>
        <translation>立即发送</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
</context>
<context>
    <name>dialogs</name>
    <message>
        <source>Models (*.gguf *.safetensors config.json);;All files (*)</source>
        <translation>模型 (*.gguf *.safetensors config.json);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open model file</source>
        <translation>打开模型文件</translation>
    </message>
    <message>
        <source>Open model folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>Attach files</source>
        <translation>附加文件</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Open a document</source>
        <translation>打开文档</translation>
    </message>
    <message>
        <source>Documents (*.txt *.md *.pdf);;All files (*)</source>
        <translation>文档 (*.txt *.md *.pdf);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Conversations (*.json *.jsonl *.zip *.chat *.sqlite3 *.db);;All files (*)</source>
        <translation>对话 (*.json *.jsonl *.zip *.chat *.sqlite3 *.db);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Import conversations</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Import presets</source>
        <translation>导入预设</translation>
    </message>
    <message>
        <source>Presets (*.json);;All files (*)</source>
        <translation>预设 (*.json);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Backups (*.sqlite3);;All files (*)</source>
        <translation>备份 (*.sqlite3);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Restore a backup</source>
        <translation>恢复备份</translation>
    </message>
    <message>
        <source>Replace the file?</source>
        <translation>替换文件？</translation>
    </message>
    <message>
        <source>“{name}” already exists. Replace it?</source>
        <translation>“{name}”已存在。要替换它吗？</translation>
    </message>
</context>
<context>
    <name>errors</name>
    <message>
        <source>The server cannot listen on {host}, port {port} ({reason}); choose another port.</source>
        <translation>服务器无法在 {host} 的端口 {port} 上监听（{reason}）；请选择其他端口。</translation>
    </message>
    <message>
        <source>“{name}” does not exist; check the path {path}.</source>
        <translation>“{name}”不存在；请检查路径 {path}。</translation>
    </message>
    <message>
        <source>“{name}” is neither a file nor a folder.</source>
        <translation>“{name}”既不是文件也不是文件夹。</translation>
    </message>
    <message>
        <source>“{name}” is empty; download it again.</source>
        <translation>“{name}”是空的；请重新下载。</translation>
    </message>
    <message>
        <source>“{name}” holds no config.json; choose a model&apos;s own folder.</source>
        <translation>“{name}”中没有 config.json；请选择模型自己的文件夹。</translation>
    </message>
    <message>
        <source>“{name}” is not there any more; open it from its new place.</source>
        <translation>“{name}”已不在原处；请从新的位置打开。</translation>
    </message>
    <message>
        <source>“{name}” is not a model file; choose a GGUF file or a folder with config.json.</source>
        <translation>“{name}”不是模型文件；请选择 GGUF 文件或含有 config.json 的文件夹。</translation>
    </message>
    <message>
        <source>“{name}” is not a model file; choose a GGUF file or a folder with config.json and safetensors.</source>
        <translation>“{name}”不是模型文件；请选择 GGUF 文件，或含有 config.json 和 safetensors 的文件夹。</translation>
    </message>
    <message>
        <source>“{name}” is a Python pickle, which can run any code when it is opened, so Fireside does not. Get the same model as safetensors or GGUF.</source>
        <translation>“{name}”是 Python pickle 文件，打开时可能运行任意代码，因此 Fireside 不会打开它。请获取同一模型的 safetensors 或 GGUF 版本。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read ({reason}); check its disk and permissions.</source>
        <translation>无法读取“{name}”（{reason}）；请检查磁盘和权限。</translation>
    </message>
    <message>
        <source>The folder “{name}” holds no config.json; choose a model&apos;s own folder or a GGUF file.</source>
        <translation>文件夹“{name}”中没有 config.json；请选择模型自己的文件夹或 GGUF 文件。</translation>
    </message>
    <message>
        <source>{part} is missing beside {name}; download all parts.</source>
        <translation>{name} 旁边缺少 {part}；请下载全部分卷。</translation>
    </message>
    <message>
        <source>{name}: {part} is missing; download all parts of the model.</source>
        <translation>{name}：缺少 {part}；请下载模型的全部文件。</translation>
    </message>
    <message>
        <source>{name} is too short to be a safetensors file; download it again.</source>
        <translation>{name} 太短，不是完整的 safetensors 文件；请重新下载。</translation>
    </message>
    <message>
        <source>{name} ends inside its header; it is cut off, download it again.</source>
        <translation>{name} 在文件头处中断，文件不完整；请重新下载。</translation>
    </message>
    <message>
        <source>{name}: GGUF version {version} is not known; versions 2 and 3 are. Get a newer conversion.</source>
        <translation>{name}：不认识 GGUF 版本 {version}，仅支持版本 2 和 3。请获取较新的转换版本。</translation>
    </message>
    <message>
        <source>{name}: {tensor} has the unknown block type {type}; choose a file with another quantisation, such as Q4_K_M.</source>
        <translation>{name}：{tensor} 的块类型 {type} 未知；请选择其他量化的文件，例如 Q4_K_M。</translation>
    </message>
    <message>
        <source>The model architecture {name} is not supported. Supported are: {known}.</source>
        <translation>不支持模型架构 {name}。支持的有：{known}。</translation>
    </message>
    <message>
        <source>The file holds no tokenizer; get a complete conversion of the model.</source>
        <translation>文件中没有分词器；请获取完整的模型转换版本。</translation>
    </message>
    <message>
        <source>The tokenizer kind {name} is not supported yet.</source>
        <translation>尚不支持分词器类型 {name}。</translation>
    </message>
    <message>
        <source>{name} needs {need} GiB with a context of {context} tokens, but {have} GiB are free on {device}. {advice}</source>
        <translation>{name} 在 {context} 个 Token 的上下文下需要 {need} GiB，但 {device} 上只有 {have} GiB 可用。{advice}</translation>
    </message>
    <message>
        <source>A context of {tokens} tokens would fit.</source>
        <translation>{tokens} 个 Token 的上下文可以容纳。</translation>
    </message>
    <message>
        <source>Choose a smaller model or a stronger quantisation, or close other programs.</source>
        <translation>请选择更小的模型或更强的量化，或关闭其他程序。</translation>
    </message>
    <message>
        <source>The device {name} is not available on this machine; use auto or cpu.</source>
        <translation>本机没有设备 {name}；请使用 auto 或 cpu。</translation>
    </message>
    <message>
        <source>Replies are slower than they could be: {reason}</source>
        <translation>回复速度未达到最佳：{reason}</translation>
    </message>
    <message>
        <source>the compiled kernels are not installed (no C compiler was found when Fireside was installed).</source>
        <translation>未安装编译好的计算内核（安装 Fireside 时没有找到 C 编译器）。</translation>
    </message>
    <message>
        <source>The newest message needs {tokens} tokens, but the context holds {limit}. Shorten it, or load the model with a longer context.</source>
        <translation>最新的消息需要 {tokens} 个 Token，但上下文只能容纳 {limit} 个。请缩短消息，或以更长的上下文加载模型。</translation>
    </message>
    <message>
        <source>The prompt has {tokens} tokens, but the context holds {limit}.</source>
        <translation>提示词有 {tokens} 个 Token，但上下文只能容纳 {limit} 个。</translation>
    </message>
    <message>
        <source>There is not enough memory to go on; close other programs or use a smaller model or context.</source>
        <translation>内存不足，无法继续；请关闭其他程序，或使用更小的模型或上下文。</translation>
    </message>
    <message>
        <source>The model&apos;s output is not a number any more; its file may be damaged. Try another copy.</source>
        <translation>模型的输出已不是有效数字，文件可能已损坏。请换一份副本再试。</translation>
    </message>
    <message>
        <source>No model is loaded yet; open one first.</source>
        <translation>尚未加载模型；请先打开一个模型。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template refuses this conversation: {reason}.</source>
        <translation>模型的对话模板拒绝了此对话：{reason}。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template was stopped: {reason}.</source>
        <translation>模型的对话模板被中止：{reason}。</translation>
    </message>
    <message>
        <source>The JSON schema is not valid: {reason}.</source>
        <translation>JSON Schema 无效：{reason}。</translation>
    </message>
    <message>
        <source>The JSON schema cannot be followed: {reason}.</source>
        <translation>无法遵循此 JSON Schema：{reason}。</translation>
    </message>
    <message>
        <source>{sentence} It says: {words}</source>
        <translation>{sentence}对方的说明：{words}</translation>
    </message>
    <message>
        <source>“{address}” is no address; it should look like https://host/v1.</source>
        <translation>“{address}”不是有效的地址；地址应类似 https://host/v1。</translation>
    </message>
    <message>
        <source>The address holds a name or password; enter a key in the field for it instead.</source>
        <translation>地址中含有用户名或密码；请改为在密钥栏中输入密钥。</translation>
    </message>
    <message>
        <source>The key holds characters that no key has; copy it again.</source>
        <translation>密钥中含有密钥不会有的字符；请重新复制。</translation>
    </message>
    <message>
        <source>{host} was silent for {minutes} minutes; try again later.</source>
        <translation>{host} 已有 {minutes} 分钟没有响应；请稍后重试。</translation>
    </message>
    <message>
        <source>{host} cannot be reached ({reason}); check its address and the connection.</source>
        <translation>无法连接 {host}（{reason}）；请检查其地址和网络连接。</translation>
    </message>
    <message>
        <source>{host} has a certificate that this machine does not trust; nothing was sent. Install that of its authority, if you trust it.</source>
        <translation>{host} 的证书不受本机信任；没有发送任何内容。如果您信任其颁发机构，请安装该机构的证书。</translation>
    </message>
    <message>
        <source>The connection to {host} was cut ({reason}); what arrived is kept. Try again.</source>
        <translation>与 {host} 的连接中断（{reason}）；已收到的内容会保留。请重试。</translation>
    </message>
    <message>
        <source>The connection to {host} ended in the middle of the reply; what arrived is kept. Try again.</source>
        <translation>与 {host} 的连接在回复中途结束；已收到的内容会保留。请重试。</translation>
    </message>
    <message>
        <source>{host} ended its answer before the first word, which servers do when the conversation is too long for the model. Begin a new chat, or try again.</source>
        <translation>{host} 在第一个词之前就结束了回复；对话超出模型上限时，服务器会这样做。请新建对话，或重试。</translation>
    </message>
    <message>
        <source>{host} sent {what}; check the address, which often ends with /v1.</source>
        <translation>{host} 返回了{what}；请检查地址，地址通常以 /v1 结尾。</translation>
    </message>
    <message>
        <source>a web page</source>
        <translation>网页</translation>
    </message>
    <message>
        <source>an answer that is no JSON</source>
        <translation>不是 JSON 的内容</translation>
    </message>
    <message>
        <source>{host} lists no models; check the address, which often ends with /v1.</source>
        <translation>{host} 没有列出模型；请检查地址，地址通常以 /v1 结尾。</translation>
    </message>
    <message>
        <source>{host} leads to {place}; nothing was sent there. If you trust that place, enter its own address as an endpoint.</source>
        <translation>{host} 指向 {place}；没有向那里发送任何内容。如果您信任该处，请将其自己的地址添加为端点。</translation>
    </message>
    <message>
        <source>{host} does not accept this request (error {status}); {advice}.</source>
        <translation>{host} 不接受此请求（错误 {status}）；{advice}。</translation>
    </message>
    <message>
        <source>change what it names in the settings of the chat</source>
        <translation>请在此对话的设置中更改它指出的项目</translation>
    </message>
    <message>
        <source>check the model and the address</source>
        <translation>请检查模型和地址</translation>
    </message>
    <message>
        <source>{host} refuses (error {status}): {advice}.</source>
        <translation>{host} 拒绝了请求（错误 {status}）：{advice}。</translation>
    </message>
    <message>
        <source>check the key of this endpoint in the settings</source>
        <translation>请在设置中检查此端点的密钥</translation>
    </message>
    <message>
        <source>check its address and its key in the settings</source>
        <translation>请在设置中检查其地址和密钥</translation>
    </message>
    <message>
        <source>it does not know this model or this address; ask for its models again in the settings</source>
        <translation>它不认识此模型或此地址；请在设置中重新获取其模型列表</translation>
    </message>
    <message>
        <source>{host} had too many requests; try again in {seconds} seconds.</source>
        <translation>{host} 收到的请求过多；请在 {seconds} 秒后重试。</translation>
    </message>
    <message>
        <source>{host} had too many requests; try again later.</source>
        <translation>{host} 收到的请求过多；请稍后重试。</translation>
    </message>
    <message>
        <source>{host} has trouble of its own (error {status}); try again later.</source>
        <translation>{host} 自身出现故障（错误 {status}）；请稍后重试。</translation>
    </message>
    <message>
        <source>The conversation is too long for the model at {host}; begin a new chat, or shorten the message.</source>
        <translation>对话太长，超出了 {host} 上模型的上限；请新建对话，或缩短消息。</translation>
    </message>
    <message>
        <source>{host} could not go on with the reply; what came before is kept. Try again.</source>
        <translation>{host} 无法继续此回复；之前的内容会保留。请重试。</translation>
    </message>
    <message>
        <source>{host} cannot go on in the middle of a reply; regenerate it instead.</source>
        <translation>{host} 无法从回复中途继续；请改为重新生成。</translation>
    </message>
    <message>
        <source>Only a model on this machine can be looked into; choose one for that.</source>
        <translation>只能查看本机模型的内部；请为此选择一个本机模型。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read ({reason}); check its place and permissions.</source>
        <translation>无法读取“{name}”（{reason}）；请检查其位置和权限。</translation>
    </message>
    <message>
        <source>“{name}” is empty; there is nothing to attach.</source>
        <translation>“{name}”是空的，没有内容可以附加。</translation>
    </message>
    <message>
        <source>“{name}” is a folder; attach the files in it that matter.</source>
        <translation>“{name}”是文件夹；请附加其中需要的文件。</translation>
    </message>
    <message>
        <source>“{name}” has {size} MiB; {most} is the most; attach the part that counts.</source>
        <translation>“{name}”有 {size} MiB，最多 {most} MiB；请只附加需要的部分。</translation>
    </message>
    <message>
        <source>“{name}” has {size} characters; {most} is the most; attach the part that counts.</source>
        <translation>“{name}”有 {size} 个字符，最多 {most} 个；请只附加需要的部分。</translation>
    </message>
    <message>
        <source>{what}: {place} is damaged ({reason}); a rescue (`python -m app rescue`) saves what can be read.</source>
        <translation>{what}：{place}已损坏（{reason}）；可用 `python -m app rescue` 抢救能读出的内容。</translation>
    </message>
    <message>
        <source>{what}: {place} is used by another program; close it, then try again.</source>
        <translation>{what}：{place}正被其他程序使用；请关闭该程序后重试。</translation>
    </message>
    <message>
        <source>{what}: the disk that holds {place} is full; free some space, then try again.</source>
        <translation>{what}：{place}所在的磁盘已满；请先腾出一些空间，然后重试。</translation>
    </message>
    <message>
        <source>{what}: {place} cannot be written; check the permissions of the file and the folder.</source>
        <translation>{what}：无法写入{place}；请检查文件和文件夹的权限。</translation>
    </message>
    <message>
        <source>{what}: the disk that holds {place} refuses; check its space and its health.</source>
        <translation>{what}：{place}所在的磁盘拒绝访问；请检查其空间和健康状况。</translation>
    </message>
    <message>
        <source>The conversation cannot be saved</source>
        <translation>无法保存对话</translation>
    </message>
    <message>
        <source>The conversations cannot be opened</source>
        <translation>无法打开对话</translation>
    </message>
    <message>
        <source>The conversations cannot be read</source>
        <translation>无法读取对话</translation>
    </message>
    <message>
        <source>The backup cannot be read</source>
        <translation>无法读取备份</translation>
    </message>
    <message>
        <source>The backup cannot be written</source>
        <translation>无法写入备份</translation>
    </message>
    <message>
        <source>“{name}” in {folder}</source>
        <translation>“{name}”（位于 {folder}）</translation>
    </message>
    <message>
        <source>“{name}” holds no conversations of Fireside; choose a backup that it made.</source>
        <translation>“{name}”中没有 Fireside 的对话；请选择 Fireside 生成的备份。</translation>
    </message>
    <message>
        <source>{what} could not be read and begin anew; the old file was kept as “{name}”.</source>
        <translation>无法读取{what}，已重新开始；旧文件保留为“{name}”。</translation>
    </message>
    <message>
        <source>The settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>The list of opened models</source>
        <translation>已打开模型的列表</translation>
    </message>
    <message>
        <source>Plain text</source>
        <translation>纯文本</translation>
    </message>
    <message>
        <source>OpenAI messages</source>
        <translation>OpenAI 消息</translation>
    </message>
    <message>
        <source>There is no file or folder {path}.</source>
        <translation>没有文件或文件夹 {path}。</translation>
    </message>
    <message>
        <source>{name} holds no conversations in a format that Fireside can read.</source>
        <translation>{name} 中没有 Fireside 能读取的对话格式。</translation>
    </message>
    <message>
        <source>The import was cancelled.</source>
        <translation>导入已取消。</translation>
    </message>
    <message>
        <source>The export was stopped; nothing was written.</source>
        <translation>导出已停止，未写入任何内容。</translation>
    </message>
    <message>
        <source>{name} already exists in {folder}; name a new file or folder.</source>
        <translation>{folder} 中已有 {name}；请指定新的文件或文件夹。</translation>
    </message>
    <message>
        <source>“{name}” cannot be written in {folder}: {reason}; choose another place, or free some space.</source>
        <translation>无法将“{name}”写入 {folder}：{reason}；请选择其他位置，或腾出一些空间。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read: {reason}.</source>
        <translation>无法读取“{name}”：{reason}。</translation>
    </message>
    <message>
        <source>{name} cannot be read: {reason}.</source>
        <translation>无法读取 {name}：{reason}。</translation>
    </message>
    <message>
        <source>“{name}” was changed or removed on the disk since it was loaded; load it again.</source>
        <translation>“{name}”在加载之后被更改或移除；请重新加载。</translation>
    </message>
    <message>
        <source>“{name}” was cut while it was read; get it again, then load it again.</source>
        <translation>“{name}”在读取时被截断；请重新获取后再加载。</translation>
    </message>
    <message>
        <source>{name} has another byte order than the first part.</source>
        <translation>{name} 的字节序与第一个分卷不同。</translation>
    </message>
    <message>
        <source>The folder “{name}” holds its weights as a Python pickle ({file}), which can run any code when it is opened, so Fireside does not. Get the same model as safetensors or GGUF.</source>
        <translation>文件夹“{name}”中的权重是 Python pickle 文件（{file}），打开时可能运行任意代码，因此 Fireside 不会打开它。请获取同一模型的 safetensors 或 GGUF 版本。</translation>
    </message>
    <message>
        <source>The folder “{name}” holds no safetensors; choose a folder with a model&apos;s weights.</source>
        <translation>文件夹“{name}”中没有 safetensors；请选择含有模型权重的文件夹。</translation>
    </message>
    <message>
        <source>{name}: the key &apos;general.architecture&apos; is missing.</source>
        <translation>{name}：缺少键 &apos;general.architecture&apos;。</translation>
    </message>
    <message>
        <source>{name}: the file is part of a model split into {count} files, but is not named NAME-00001-of-0000N.gguf; give it its original name.</source>
        <translation>{name}：此文件属于拆分成 {count} 个分卷的模型，但文件名不是 NAME-00001-of-0000N.gguf 的形式；请恢复原来的文件名。</translation>
    </message>
    <message>
        <source>{name}: the tensor {tensor} is in two parts of the model.</source>
        <translation>{name}：张量 {tensor} 出现在模型的两个分卷中。</translation>
    </message>
    <message>
        <source>{name}: the tensor {tensor} is in two files of the model.</source>
        <translation>{name}：张量 {tensor} 出现在模型的两个文件中。</translation>
    </message>
    <message>
        <source>{name}: there is no tensor &apos;token_embd.weight&apos;; is this a language model?</source>
        <translation>{name}：没有张量 &apos;token_embd.weight&apos;；这是语言模型吗？</translation>
    </message>
    <message>
        <source>{name}: no tensor named {tensor}; is this a language model?</source>
        <translation>{name}：没有名为 {tensor} 的张量；这是语言模型吗？</translation>
    </message>
    <message>
        <source>{name}: no GGUF tensor is known for {tensor}.</source>
        <translation>{name}：没有与 {tensor} 对应的 GGUF 张量。</translation>
    </message>
    <message>
        <source>{name}: the tensor {tensor} has shape {shape}, but the model&apos;s settings ask for {wanted}.</source>
        <translation>{name}：张量 {tensor} 的形状为 {shape}，而模型设置要求 {wanted}。</translation>
    </message>
    <message>
        <source>{name}: {file} is a link to a file outside of the folder; it is not followed.</source>
        <translation>{name}：{file} 是指向文件夹之外的链接；不会跟随。</translation>
    </message>
    <message>
        <source>{name}: {file} is not the name of a file in this folder.</source>
        <translation>{name}：{file} 不是此文件夹中的文件名。</translation>
    </message>
    <message>
        <source>{name}: a header of {length} bytes is announced; at most 100 MiB are possible.</source>
        <translation>{name}：文件头声称有 {length} 字节；最多允许 100 MiB。</translation>
    </message>
    <message>
        <source>{name}: the header is not a JSON object.</source>
        <translation>{name}：文件头不是 JSON 对象。</translation>
    </message>
    <message>
        <source>{name}: the header is damaged: {reason}.</source>
        <translation>{name}：文件头已损坏：{reason}。</translation>
    </message>
    <message>
        <source>{name}: the tensors end at byte {end}, the file at {size}.</source>
        <translation>{name}：张量在字节 {end} 处结束，文件在 {size} 处结束。</translation>
    </message>
    <message>
        <source>{where} is not described by a JSON object.</source>
        <translation>{where}没有用 JSON 对象描述。</translation>
    </message>
    <message>
        <source>{where} has the unknown dtype {type}.</source>
        <translation>{where}的数据类型 {type} 未知。</translation>
    </message>
    <message>
        <source>{where} has no valid shape or data_offsets.</source>
        <translation>{where}没有有效的 shape 或 data_offsets。</translation>
    </message>
    <message>
        <source>{where} takes {bytes} bytes, but its shape {shape} needs {needed}.</source>
        <translation>{where}占 {bytes} 字节，但其形状 {shape} 需要 {needed} 字节。</translation>
    </message>
    <message>
        <source>{where} ends at byte {stop}, past the end of the file at {size}; the file is cut off, download it again.</source>
        <translation>{where}在字节 {stop} 处结束，超出了文件末尾 {size}；文件不完整，请重新下载。</translation>
    </message>
    <message>
        <source>{name}/config.json does not name a model_type, so its architecture is unknown.</source>
        <translation>{name}/config.json 没有注明 model_type，因此不知道其架构。</translation>
    </message>
    <message>
        <source>config.json does not name a model_type, so its architecture is unknown.</source>
        <translation>config.json 没有注明 model_type，因此不知道其架构。</translation>
    </message>
    <message>
        <source>{folder}/{name} does not hold a JSON object.</source>
        <translation>{folder}/{name} 中不是 JSON 对象。</translation>
    </message>
    <message>
        <source>{folder}/{name} is not valid JSON: {reason}.</source>
        <translation>{folder}/{name} 不是有效的 JSON：{reason}。</translation>
    </message>
    <message>
        <source>{folder}/{name} holds no weight_map from tensors to files.</source>
        <translation>{folder}/{name} 中没有从张量到文件的 weight_map。</translation>
    </message>
    <message>
        <source>it holds more than {most} values</source>
        <translation>其中的值超过 {most} 个</translation>
    </message>
    <message>
        <source>it is nested too deeply</source>
        <translation>嵌套过深</translation>
    </message>
    <message>
        <source>a name is there twice</source>
        <translation>有名称出现了两次</translation>
    </message>
    <message>
        <source>{name}: the model&apos;s settings make no model: {reason}.</source>
        <translation>{name}：模型设置无法构成模型：{reason}。</translation>
    </message>
    <message>
        <source>{name}: the setting {key} is missing.</source>
        <translation>{name}：缺少设置 {key}。</translation>
    </message>
    <message>
        <source>{name}: {key} is {value}, not a number from {least} to {most}.</source>
        <translation>{name}：{key} 为 {value}，不是 {least} 到 {most} 之间的数。</translation>
    </message>
    <message>
        <source>{name}: {key} is {value}, not true or false.</source>
        <translation>{name}：{key} 为 {value}，不是 true 或 false。</translation>
    </message>
    <message>
        <source>{name}: {key} is {value}, not a mapping.</source>
        <translation>{name}：{key} 为 {value}，不是映射。</translation>
    </message>
    <message>
        <source>{name}: activation {function} is not supported.</source>
        <translation>{name}：不支持激活函数 {function}。</translation>
    </message>
    <message>
        <source>{name}: {heads} query heads cannot share {shared} key/value heads evenly.</source>
        <translation>{name}：{heads} 个查询头无法均分 {shared} 个键值头。</translation>
    </message>
    <message>
        <source>{name}: the head size {size} is odd.</source>
        <translation>{name}：注意力头的大小 {size} 是奇数。</translation>
    </message>
    <message>
        <source>Rope scaling {kind} is not supported; known are linear, dynamic, yarn, llama3 and longrope.</source>
        <translation>不支持 RoPE 缩放方式 {kind}；支持 linear、dynamic、yarn、llama3 和 longrope。</translation>
    </message>
    <message>
        <source>The rope scaling {kind} in the model&apos;s settings is broken: {reason}.</source>
        <translation>模型设置中的 RoPE 缩放 {kind} 有误：{reason}。</translation>
    </message>
    <message>
        <source>“{name}” names no model file on this machine; open the model file itself.</source>
        <translation>“{name}”没有指向本机上的模型文件；请直接打开模型文件。</translation>
    </message>
    <message>
        <source>“{name}” is no model that can chat.</source>
        <translation>“{name}”不是可以对话的模型。</translation>
    </message>
    <message>
        <source>“{name}” is not there any more; find it again or forget it.</source>
        <translation>“{name}”已不在原处；请重新定位，或从列表移除。</translation>
    </message>
    <message>
        <source>It cannot be read ({reason}); check its permissions.</source>
        <translation>无法读取（{reason}）；请检查权限。</translation>
    </message>
    <message>
        <source>Ollama keeps this model in a form of its own; get it as GGUF or safetensors.</source>
        <translation>Ollama 以自己的格式保存此模型；请获取其 GGUF 或 safetensors 版本。</translation>
    </message>
    <message>
        <source>This model is an adapter on another one, which Fireside does not join.</source>
        <translation>此模型是另一个模型的适配器，Fireside 不支持两者合用。</translation>
    </message>
    <message>
        <source>“{path}” cannot be looked at ({reason}); check its permissions.</source>
        <translation>无法查看“{path}”（{reason}）；请检查其权限。</translation>
    </message>
    <message>
        <source>“{path}” is a link that leads out of its folder; it was not followed. Add the folder it leads to.</source>
        <translation>“{path}”是指向其文件夹之外的链接，没有跟随。请添加它所指向的文件夹。</translation>
    </message>
    <message>
        <source>More than {most} files lie in the folders that were looked at; the rest was left out. Choose folders that hold models alone.</source>
        <translation>所查看的文件夹中有超过 {most} 个文件；其余的未查看。请选择只存放模型的文件夹。</translation>
    </message>
    <message>
        <source>The block type {name} is not known; known are: {known}.</source>
        <translation>块类型 {name} 未知；已知的有：{known}。</translation>
    </message>
    <message>
        <source>{name}: the shape {shape} is impossible.</source>
        <translation>{name}：形状 {shape} 不可能。</translation>
    </message>
    <message>
        <source>{name}: the block size {size} is impossible.</source>
        <translation>{name}：块大小 {size} 不可能。</translation>
    </message>
    <message>
        <source>{name}: the scales&apos; own block size {size} is impossible.</source>
        <translation>{name}：缩放系数的块大小 {size} 不可能。</translation>
    </message>
    <message>
        <source>{name}.weight is stored as {type}, not as bytes.</source>
        <translation>{name}.weight 的存储类型是 {type}，不是字节。</translation>
    </message>
    <message>
        <source>{name}.weight has {bytes} bytes for {values} values.</source>
        <translation>{name}.weight 用 {bytes} 字节存放 {values} 个值。</translation>
    </message>
    <message>
        <source>{name}: the description of its packing is not a JSON object.</source>
        <translation>{name}：打包说明不是 JSON 对象。</translation>
    </message>
    <message>
        <source>{name}: the description of its packing is damaged: {reason}.</source>
        <translation>{name}：打包说明已损坏：{reason}。</translation>
    </message>
    <message>
        <source>Rows of {values} values packed by two cannot be taken apart.</source>
        <translation>每行 {values} 个值两两打包，无法拆开。</translation>
    </message>
    <message>
        <source>{name}.weight_shape is {shape}, but the words are {words}.</source>
        <translation>{name}.weight_shape 为 {shape}，而打包的字为 {words}。</translation>
    </message>
    <message>
        <source>{name}: the scales {shape} do not fit {rows} rows.</source>
        <translation>{name}：缩放系数 {shape} 与 {rows} 行不符。</translation>
    </message>
    <message>
        <source>Weights packed with {bits} bits are not supported.</source>
        <translation>不支持以 {bits} 位打包的权重。</translation>
    </message>
    <message>
        <source>{name}.weight_g_idx names groups that are not there.</source>
        <translation>{name}.weight_g_idx 指向不存在的组。</translation>
    </message>
    <message>
        <source>{name} has shape {shape}, which does not fit blocks of {size}.</source>
        <translation>{name} 的形状为 {shape}，与大小为 {size} 的块不符。</translation>
    </message>
    <message>
        <source>AWQ weights in the version {version} are not supported.</source>
        <translation>不支持 {version} 版本的 AWQ 权重。</translation>
    </message>
    <message>
        <source>A packed weight has no groups.</source>
        <translation>有打包的权重没有分组。</translation>
    </message>
    <message>
        <source>AWQ packs 8 rows together; rows {first} to {last} cannot be taken apart.</source>
        <translation>AWQ 每 8 行打包在一起；第 {first} 到 {last} 行无法拆开。</translation>
    </message>
    <message>
        <source>{name}.g_idx names groups that are not there; there are {count}.</source>
        <translation>{name}.g_idx 指向不存在的组；共有 {count} 组。</translation>
    </message>
    <message>
        <source>{name}.weight_scale has {groups} groups for {inputs} inputs.</source>
        <translation>{name}.weight_scale 有 {groups} 组，而输入有 {inputs} 个。</translation>
    </message>
    <message>
        <source>{name}.weight_global_scale has {count} numbers instead of one.</source>
        <translation>{name}.weight_global_scale 有 {count} 个数，而不是一个。</translation>
    </message>
    <message>
        <source>MLX weights packed as {kind} are not supported.</source>
        <translation>不支持以 {kind} 打包的 MLX 权重。</translation>
    </message>
    <message>
        <source>{name}.weight has rows of {values} values, not whole groups of {size}.</source>
        <translation>{name}.weight 每行 {values} 个值，不是 {size} 个一组的整数倍。</translation>
    </message>
    <message>
        <source>config.json describes the weights&apos; packing as {kind}.</source>
        <translation>config.json 将权重的打包方式写作 {kind}。</translation>
    </message>
    <message>
        <source>The weights are packed as {kind}, which is not supported in safetensors; known are {known}. Get the model as GGUF, or unquantised.</source>
        <translation>权重以 {kind} 打包，safetensors 中不支持这种方式；支持的有 {known}。请获取模型的 GGUF 版本或未量化版本。</translation>
    </message>
    <message>
        <source>The tensor {tensor} is missing: a packed weight is not complete.</source>
        <translation>缺少张量 {tensor}：打包的权重不完整。</translation>
    </message>
    <message>
        <source>The tensor {tensor} has shape {shape}, its weight&apos;s packing {packing}.</source>
        <translation>张量 {tensor} 的形状为 {shape}，而其权重的打包为 {packing}。</translation>
    </message>
    <message>
        <source>Weights packed with {key} = {value} are not supported.</source>
        <translation>不支持以 {key} = {value} 打包的权重。</translation>
    </message>
    <message>
        <source>The tokenizer knows a token {token}, but the model&apos;s embedding has {rows} rows; the file is damaged, or its tokenizer belongs to another model. Get another copy.</source>
        <translation>分词器中有 Token {token}，但模型的嵌入层只有 {rows} 行；文件已损坏，或分词器属于其他模型。请换一份副本。</translation>
    </message>
    <message>
        <source>There is no tokenizer.json beside the weights; get the complete folder, or convert the tokenizer with transformers&apos; AutoTokenizer.save_pretrained.</source>
        <translation>权重旁边没有 tokenizer.json；请获取完整的文件夹，或用 transformers 的 AutoTokenizer.save_pretrained 转换分词器。</translation>
    </message>
    <message>
        <source>The tokenizer cuts texts by the rule {rule}, which is not known; its replies would be wrong.</source>
        <translation>分词器按未知的规则 {rule} 切分文本；回复会出错。</translation>
    </message>
    <message>
        <source>The tokenizer&apos;s table of replacements is damaged: {at} of {size} bytes.</source>
        <translation>分词器的替换表已损坏：{size} 字节中的第 {at} 字节。</translation>
    </message>
    <message>
        <source>The tokenizer made the id {token}, outside of its {count} tokens.</source>
        <translation>分词器给出了编号 {token}，超出其 {count} 个 Token。</translation>
    </message>
    <message>
        <source>The tokenizer cannot encode this text: {reason}.</source>
        <translation>分词器无法编码这段文本：{reason}。</translation>
    </message>
    <message>
        <source>Token {token} is outside the vocabulary of {count} tokens.</source>
        <translation>Token {token} 超出了 {count} 个 Token 的词表。</translation>
    </message>
    <message>
        <source>In {where}, {count} tokens have {types} types.</source>
        <translation>在{where}中，{count} 个 Token 却有 {types} 个类型。</translation>
    </message>
    <message>
        <source>In {where}, {count} tokens have {scores} scores.</source>
        <translation>在{where}中，{count} 个 Token 却有 {scores} 个分数。</translation>
    </message>
    <message>
        <source>In {where}, there is no unknown token {token}.</source>
        <translation>在{where}中，没有未知 Token {token}。</translation>
    </message>
    <message>
        <source>In {where}, &apos;tokenizer.ggml.{key}&apos; is missing or of the wrong type.</source>
        <translation>在{where}中，缺少 &apos;tokenizer.ggml.{key}&apos; 或其类型不对。</translation>
    </message>
    <message>
        <source>In {where}, the byte token {token} is not spelt &lt;0x..&gt;.</source>
        <translation>在{where}中，字节 Token {token} 的写法不是 &lt;0x..&gt;。</translation>
    </message>
    <message>
        <source>In {where}, the merge {merge} names no two tokens.</source>
        <translation>在{where}中，合并规则 {merge} 没有给出两个 Token。</translation>
    </message>
    <message>
        <source>The tokenizer in the file is damaged: {reason}.</source>
        <translation>文件中的分词器已损坏：{reason}。</translation>
    </message>
    <message>
        <source>tokenizer.json holds no vocabulary.</source>
        <translation>tokenizer.json 中没有词表。</translation>
    </message>
    <message>
        <source>tokenizer.json: the token id {token} is too large.</source>
        <translation>tokenizer.json：Token 编号 {token} 过大。</translation>
    </message>
    <message>
        <source>tokenizer.json: the added token {token} has no valid id and content.</source>
        <translation>tokenizer.json：添加的 Token {token} 没有有效的 id 和 content。</translation>
    </message>
    <message>
        <source>tokenizer.json is damaged: its model is no object.</source>
        <translation>tokenizer.json 已损坏：其中的 model 不是对象。</translation>
    </message>
    <message>
        <source>tokenizer.json is damaged: its vocabulary does not give each token a number.</source>
        <translation>tokenizer.json 已损坏：词表没有给每个 Token 编号。</translation>
    </message>
    <message>
        <source>tokenizer.json is damaged: its merges are not pairs of tokens.</source>
        <translation>tokenizer.json 已损坏：合并规则不是成对的 Token。</translation>
    </message>
    <message>
        <source>tokenizer.json is damaged: it holds more than {most} settings.</source>
        <translation>tokenizer.json 已损坏：其中的设置超过 {most} 项。</translation>
    </message>
    <message>
        <source>tokenizer.json is damaged ({kind}: {reason}).</source>
        <translation>tokenizer.json 已损坏（{kind}：{reason}）。</translation>
    </message>
    <message>
        <source>tokenizer.json is damaged: {reason}.</source>
        <translation>tokenizer.json 已损坏：{reason}。</translation>
    </message>
    <message>
        <source>The chat template has {count} characters; {most} are possible.</source>
        <translation>对话模板有 {count} 个字符；最多允许 {most} 个。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template failed ({kind}: {reason}).</source>
        <translation>模型的对话模板出错（{kind}：{reason}）。</translation>
    </message>
    <message>
        <source>it calls the method {name} of a text, which is not allowed</source>
        <translation>它调用了文本的方法 {name}，这是不允许的</translation>
    </message>
    <message>
        <source>it indents JSON enormously</source>
        <translation>它给 JSON 加了过大的缩进</translation>
    </message>
    <message>
        <source>it calls a {kind}, which is no function</source>
        <translation>它调用了 {kind}，而那不是函数</translation>
    </message>
    <message>
        <source>it computes with enormous numbers</source>
        <translation>它用过大的数字计算</translation>
    </message>
    <message>
        <source>it writes an enormous date</source>
        <translation>它写出过长的日期</translation>
    </message>
    <message>
        <source>it formats texts with %, which is not allowed; `format` and `~` are</source>
        <translation>它用 % 设置文本格式，这是不允许的；可以用 `format` 和 `~`</translation>
    </message>
    <message>
        <source>it rounds to an enormous number of digits</source>
        <translation>它舍入到过多的位数</translation>
    </message>
    <message>
        <source>it formats a text to an enormous width</source>
        <translation>它把文本设置成过大的宽度</translation>
    </message>
    <message>
        <source>it takes more than {seconds} seconds or {steps} steps</source>
        <translation>它用时超过 {seconds} 秒或 {steps} 步</translation>
    </message>
    <message>
        <source>it builds a text of more than {most} million characters</source>
        <translation>它生成的文本超过 {most} 百万个字符</translation>
    </message>
    <message>
        <source>it builds more than {most} million characters of text</source>
        <translation>它生成的文本总共超过 {most} 百万个字符</translation>
    </message>
    <message>
        <source>it builds a list of more than {most} million items</source>
        <translation>它生成的列表超过 {most} 百万项</translation>
    </message>
    <message>
        <source>it works on lists within lists that are enormous</source>
        <translation>它处理的嵌套列表过大</translation>
    </message>
    <message>
        <source>the messages are nested too deeply</source>
        <translation>消息嵌套过深</translation>
    </message>
    <message>
        <source>The model&apos;s output is not a number any more; its file may be damaged.</source>
        <translation>模型的输出已不是有效数字，文件可能已损坏。</translation>
    </message>
    <message>
        <source>The model&apos;s output is not a number; its file may be damaged.</source>
        <translation>模型的输出不是有效数字，文件可能已损坏。</translation>
    </message>
    <message>
        <source>The beginning of the reply fills the context: load the model with a longer one.</source>
        <translation>回复的开头已占满上下文：请以更长的上下文加载模型。</translation>
    </message>
    <message>
        <source>The logit bias names token {token}, but {name} has {count} tokens; take it out, or choose the model that it was made for.</source>
        <translation>logit 偏置指定了 Token {token}，但 {name} 只有 {count} 个 Token；请去掉它，或选择它所针对的模型。</translation>
    </message>
    <message>
        <source>The token limit must be 1 or more.</source>
        <translation>Token 上限必须至少为 1。</translation>
    </message>
    <message>
        <source>Sampler setting out of range: {reason}.</source>
        <translation>采样设置超出范围：{reason}。</translation>
    </message>
    <message>
        <source>temperature must be 0 or more</source>
        <translation>温度必须大于或等于 0</translation>
    </message>
    <message>
        <source>top-k must be 0 or more</source>
        <translation>top-k 必须大于或等于 0</translation>
    </message>
    <message>
        <source>top-p must be above 0 and at most 1</source>
        <translation>top-p 必须大于 0 且不超过 1</translation>
    </message>
    <message>
        <source>min-p must be between 0 and 1</source>
        <translation>min-p 必须介于 0 和 1 之间</translation>
    </message>
    <message>
        <source>the repetition penalty must be above 0</source>
        <translation>重复惩罚必须大于 0</translation>
    </message>
    <message>
        <source>the repetition window must be 0 or more</source>
        <translation>重复惩罚的窗口必须大于或等于 0</translation>
    </message>
    <message>
        <source>the seed must be between 0 and 2^63 - 1</source>
        <translation>随机种子必须介于 0 和 2^63 - 1 之间</translation>
    </message>
    <message>
        <source>the presence penalty must be a number</source>
        <translation>存在惩罚必须是一个数</translation>
    </message>
    <message>
        <source>the frequency penalty must be a number</source>
        <translation>频率惩罚必须是一个数</translation>
    </message>
    <message>
        <source>the logit bias must give token ids of 0 or more a number each</source>
        <translation>logit 偏置必须为每个大于或等于 0 的 Token 编号给出一个数</translation>
    </message>
    <message>
        <source>DRY&apos;s multiplier must be 0 or more</source>
        <translation>DRY 强度必须大于或等于 0</translation>
    </message>
    <message>
        <source>DRY&apos;s base must be 1 or more</source>
        <translation>DRY 底数必须大于或等于 1</translation>
    </message>
    <message>
        <source>DRY&apos;s allowed length must be 1 or more</source>
        <translation>DRY 允许长度必须大于或等于 1</translation>
    </message>
    <message>
        <source>typical must be above 0 and at most 1</source>
        <translation>典型采样的值必须大于 0 且不超过 1</translation>
    </message>
    <message>
        <source>top-n-sigma must be 0 or more</source>
        <translation>top-n-sigma 必须大于或等于 0</translation>
    </message>
    <message>
        <source>XTC&apos;s probability must be between 0 and 1</source>
        <translation>XTC 概率必须介于 0 和 1 之间</translation>
    </message>
    <message>
        <source>XTC&apos;s threshold must be above 0 and at most 1</source>
        <translation>XTC 阈值必须大于 0 且不超过 1</translation>
    </message>
    <message>
        <source>the temperature&apos;s range must be 0 or more</source>
        <translation>温度的变化范围必须大于或等于 0</translation>
    </message>
    <message>
        <source>the temperature&apos;s exponent must be above 0</source>
        <translation>温度的指数必须大于 0</translation>
    </message>
    <message>
        <source>mirostat&apos;s tau must be 0 or more</source>
        <translation>Mirostat 目标值必须大于或等于 0</translation>
    </message>
    <message>
        <source>mirostat&apos;s eta must be above 0 and at most 1</source>
        <translation>Mirostat 学习率必须大于 0 且不超过 1</translation>
    </message>
    <message>
        <source>There is no message to answer.</source>
        <translation>没有可以回答的消息。</translation>
    </message>
    <message>
        <source>Only a reply behind a message can be continued.</source>
        <translation>只能续写消息之后的回复。</translation>
    </message>
    <message>
        <source>This model has no end token, so its replies cannot be held to a JSON schema.</source>
        <translation>此模型没有结束 Token，因此无法让回复遵循 JSON Schema。</translation>
    </message>
    <message>
        <source>{draft} cannot be the draft of {name}: their vocabularies differ. Choose a smaller model of the same family.</source>
        <translation>{draft} 不能作为 {name} 的草稿模型：两者的词表不同。请选择同一系列中更小的模型。</translation>
    </message>
    <message>
        <source>The alternatives of this reply are in a form that is not known here; update Fireside.</source>
        <translation>此回复的备选 Token 采用了未知的格式；请更新 Fireside。</translation>
    </message>
    <message>
        <source>The alternatives that are kept of this reply are cut off; they cannot be shown.</source>
        <translation>此回复保留的备选 Token 不完整，无法显示。</translation>
    </message>
    <message>
        <source>What the words of this reply could have been is damaged, and cannot be shown.</source>
        <translation>此回复的备选内容已损坏，无法显示。</translation>
    </message>
    <message>
        <source>Only a reply to messages can be attributed to them.</source>
        <translation>只能把对消息的回复归因于这些消息。</translation>
    </message>
    <message>
        <source>The reply is empty, so there is nothing to score.</source>
        <translation>回复是空的，没有可以评分的内容。</translation>
    </message>
    <message>
        <source>The reply has {count} stored tokens, so there is none at {place}.</source>
        <translation>回复存有 {count} 个 Token，因此位置 {place} 处没有 Token。</translation>
    </message>
    <message>
        <source>The reply has {count} tokens, so there is none at {place}.</source>
        <translation>回复有 {count} 个 Token，因此位置 {place} 处没有 Token。</translation>
    </message>
    <message>
        <source>{name} has no token that ends a reply.</source>
        <translation>{name} 没有结束回复的 Token。</translation>
    </message>
    <message>
        <source>To draw a reply again its seed is needed; its record lacks it.</source>
        <translation>要重新抽取回复，需要它的种子；其记录中没有。</translation>
    </message>
    <message>
        <source>There is no token to look at.</source>
        <translation>没有可以查看的 Token。</translation>
    </message>
    <message>
        <source>This reply cannot be made again: its record lacks the seed or the tokens.</source>
        <translation>无法重新生成此回复：其记录中缺少种子或 Token。</translation>
    </message>
    <message>
        <source>{name} says nothing to this prompt, so there is nothing to compare.</source>
        <translation>{name} 对此提示词没有任何回复，因此没有可比较的内容。</translation>
    </message>
    <message>
        <source>There is nothing to score: the text needs a token, and another one before it.</source>
        <translation>没有可以评分的内容：文本至少需要一个 Token，且其前面还要有一个。</translation>
    </message>
    <message>
        <source>The text is too short: at least two tokens are needed.</source>
        <translation>文本太短：至少需要两个 Token。</translation>
    </message>
    <message>
        <source>Something unexpected went wrong ({kind}); the log file has the details.</source>
        <translation>发生了意外错误（{kind}）；详情请查看日志文件。</translation>
    </message>
    <message>
        <source>It was cancelled.</source>
        <translation>已取消。</translation>
    </message>
    <message>
        <source>the account behind the key has no credit left</source>
        <translation>此密钥所属的账户余额不足</translation>
    </message>
    <message>
        <source>the key does not allow this; check it, or choose another model</source>
        <translation>此密钥不允许这样做；请检查密钥，或选择其他模型</translation>
    </message>
    <message>
        <source>check the address, which often ends with /v1</source>
        <translation>请检查地址，地址通常以 /v1 结尾</translation>
    </message>
    <message>
        <source>the conversation is too long for it; begin a new chat, or leave attachments out</source>
        <translation>对话对它来说太长；请新建对话，或去掉附件</translation>
    </message>
    <message>
        <source>{host} sent an answer that is far too long; check the address.</source>
        <translation>{host} 返回的内容过长；请检查地址。</translation>
    </message>
    <message>
        <source>{host} sent a packed answer, which nobody asked for; it was not opened.</source>
        <translation>{host} 返回了压缩的内容，但没有请求压缩；未打开它。</translation>
    </message>
    <message>
        <source>The proxy of this system cannot be used for {host} ({reason}); set http_proxy and https_proxy to an http address.</source>
        <translation>无法用本系统的代理访问 {host}（{reason}）；请将 http_proxy 和 https_proxy 设为 http 地址。</translation>
    </message>
    <message>
        <source>{host} sent something that is no part of a reply; what came before is kept. Check the address.</source>
        <translation>{host} 返回了不属于回复的内容；之前的内容会保留。请检查地址。</translation>
    </message>
    <message>
        <source>{host} sent something in the middle of the reply that is no JSON; what came before is kept. Try again.</source>
        <translation>{host} 在回复中途返回了不是 JSON 的内容；之前的内容会保留。请重试。</translation>
    </message>
    <message>
        <source>{host} sent an event of more than {most} MiB, which is no reply; what came before is kept. Check the address.</source>
        <translation>{host} 返回的单个事件超过 {most} MiB，不是回复；之前的内容会保留。请检查地址。</translation>
    </message>
    <message>
        <source>{host} does not end its reply; what arrived is kept. Choose another model there.</source>
        <translation>{host} 的回复没有结束；已收到的内容会保留。请选择那里的其他模型。</translation>
    </message>
    <message>
        <source>{host} sent no reply; check the address, which often ends with /v1.</source>
        <translation>{host} 没有返回回复；请检查地址，地址通常以 /v1 结尾。</translation>
    </message>
    <message>
        <source>The model at {host} called the tool “{tool}”, but Fireside offers none; ask for words.</source>
        <translation>{host} 上的模型调用了工具“{tool}”，但 Fireside 不提供工具；请要求它用文字回答。</translation>
    </message>
    <message>
        <source>{host} withheld the rest of the reply (content filter); ask in other words.</source>
        <translation>{host} 隐去了回复的其余部分（内容过滤）；请换个说法提问。</translation>
    </message>
    <message>
        <source>{host} broke off in the middle of the reply; what arrived is kept. Try again.</source>
        <translation>{host} 在回复中途中断；已收到的内容会保留。请重试。</translation>
    </message>
    <message>
        <source>The tokens of a remote model cannot be counted here.</source>
        <translation>无法在此计算远程模型的 Token 数。</translation>
    </message>
    <message>
        <source>A remote model cannot go on from a token; choose a model on this machine for that.</source>
        <translation>远程模型无法从某个 Token 处继续；请为此选择本机的模型。</translation>
    </message>
    <message>
        <source>The JSON schema of this chat is no JSON; correct it in its settings.</source>
        <translation>此对话的 JSON Schema 不是 JSON；请在对话设置中更正。</translation>
    </message>
    <message>
        <source>{host} wants you to sign in: set an access token in the settings.</source>
        <translation>{host} 要求登录：请在设置中填写访问令牌。</translation>
    </message>
    <message>
        <source>{host} does not let you have this; accept the model&apos;s licence on its page, then set an access token.</source>
        <translation>{host} 不允许获取此内容；请在模型页面上接受其许可证，然后填写访问令牌。</translation>
    </message>
    <message>
        <source>{host} does not know this model or file.</source>
        <translation>{host} 不认识此模型或文件。</translation>
    </message>
    <message>
        <source>{host} asks to wait, because there were too many requests.</source>
        <translation>{host} 要求等待，因为请求过多。</translation>
    </message>
    <message>
        <source>{host} answered with the error {code}.</source>
        <translation>{host} 返回了错误 {code}。</translation>
    </message>
    <message>
        <source>{host} cannot be reached or went silent ({reason}); check the connection.</source>
        <translation>无法连接 {host} 或其没有响应（{reason}）；请检查网络连接。</translation>
    </message>
    <message>
        <source>{host} leads round in circles; nothing was fetched.</source>
        <translation>{host} 的跳转形成循环；没有下载任何内容。</translation>
    </message>
    <message>
        <source>{host} leads from a safe address to an unsafe one; nothing was fetched.</source>
        <translation>{host} 从安全的地址跳转到不安全的地址；没有下载任何内容。</translation>
    </message>
    <message>
        <source>“{address}” is no web address; it should look like https://huggingface.co.</source>
        <translation>“{address}”不是网址；应类似 https://huggingface.co。</translation>
    </message>
    <message>
        <source>“{address}” is no address; it should look like https://huggingface.co.</source>
        <translation>“{address}”不是有效的地址；应类似 https://huggingface.co。</translation>
    </message>
    <message>
        <source>{host} sent an answer that is no JSON; check the address.</source>
        <translation>{host} 返回了不是 JSON 的内容；请检查地址。</translation>
    </message>
    <message>
        <source>{host} sent an answer that is far too long.</source>
        <translation>{host} 返回的内容过长。</translation>
    </message>
    <message>
        <source>The hub answered a search with something that is no list; check the address.</source>
        <translation>模型站点对搜索返回的不是列表；请检查地址。</translation>
    </message>
    <message>
        <source>“{name}” is no repository; they look like organisation/name.</source>
        <translation>“{name}”不是仓库；仓库的写法类似 组织/名称。</translation>
    </message>
    <message>
        <source>The hub&apos;s answer about “{name}” makes no sense; check the address.</source>
        <translation>模型站点关于“{name}”的回应无法理解；请检查地址。</translation>
    </message>
    <message>
        <source>“{name}” needs {size} GB more than {place} has room for. Make room, then resume; what was fetched stays.</source>
        <translation>“{name}”所需的空间比 {place} 的剩余空间多 {size} GB。请腾出空间后继续；已下载的部分会保留。</translation>
    </message>
    <message>
        <source>The server sent another part of the file than it was asked for.</source>
        <translation>服务器返回的不是所请求的文件部分。</translation>
    </message>
    <message>
        <source>“{name}” arrived damaged: its hash is not the one that was announced. Fetch it again.</source>
        <translation>“{name}”已损坏：其哈希值与公布的不符。请重新下载。</translation>
    </message>
    <message>
        <source>The server has {size} bytes of “{name}”, but announced {announced}; look at the model&apos;s page.</source>
        <translation>服务器上的“{name}”有 {size} 字节，而公布的是 {announced} 字节；请查看模型页面。</translation>
    </message>
    <message>
        <source>The server knows no such part of the file; it is fetched anew.</source>
        <translation>服务器没有文件的这一部分；将重新下载。</translation>
    </message>
    <message>
        <source>The server sends more of “{name}” than it announced.</source>
        <translation>服务器发送的“{name}”比公布的更长。</translation>
    </message>
    <message>
        <source>“{name}” is a device or pipe and no file; attach a file.</source>
        <translation>“{name}”是设备或管道，不是文件；请附加文件。</translation>
    </message>
    <message>
        <source>“{name}” is {what}, which cannot be read; attach the text in it.</source>
        <translation>“{name}”是{what}，无法读取；请附加其中的文本。</translation>
    </message>
    <message>
        <source>a zip archive or office document</source>
        <translation>zip 压缩包或办公文档</translation>
    </message>
    <message>
        <source>a gzip archive</source>
        <translation>gzip 压缩包</translation>
    </message>
    <message>
        <source>a 7z archive</source>
        <translation>7z 压缩包</translation>
    </message>
    <message>
        <source>“{name}” {what}; save it as UTF-8 text and attach that.</source>
        <translation>“{name}”{what}；请另存为 UTF-8 文本后再附加。</translation>
    </message>
    <message>
        <source>is no text</source>
        <translation>不是文本</translation>
    </message>
    <message>
        <source>is no text in UTF-8 (byte {at})</source>
        <translation>不是 UTF-8 文本（字节 {at}）</translation>
    </message>
    <message>
        <source>“{name}” is no text: it holds zero bytes (the first at {at}).</source>
        <translation>“{name}”不是文本：其中有零字节（第一个在 {at} 处）。</translation>
    </message>
    <message>
        <source>Reading “{name}” was cancelled.</source>
        <translation>已取消读取“{name}”。</translation>
    </message>
    <message>
        <source>“{name}” is encrypted; save a copy without a password and attach that.</source>
        <translation>“{name}”已加密；请另存一份没有密码的副本再附加。</translation>
    </message>
    <message>
        <source>“{name}” holds pictures of pages and no text; run text recognition (OCR) over it first.</source>
        <translation>“{name}”中是页面图像，没有文本；请先进行文字识别（OCR）。</translation>
    </message>
    <message>
        <source>“{name}” takes too much time or memory to read; attach the pages that matter.</source>
        <translation>读取“{name}”所需的时间或内存过多；请只附加需要的页面。</translation>
    </message>
    <message>
        <source>“{name}” is damaged or no PDF; save it again and attach that.</source>
        <translation>“{name}”已损坏或不是 PDF；请重新保存后再附加。</translation>
    </message>
    <message>
        <source>Fireside is open already, but its window does not answer; end it, then start again.</source>
        <translation>Fireside 已经打开，但其窗口没有响应；请结束它，然后重新启动。</translation>
    </message>
    <message>
        <source>There is no {what} with the id {id}.</source>
        <translation>没有 id 为 {id} 的 {what}。</translation>
    </message>
    <message>
        <source>{what}: {place} was written by a newer Fireside (format {format}, this one knows {known}); update Fireside.</source>
        <translation>{what}：{place}由较新的 Fireside 写入（格式 {format}，此版本支持到 {known}）；请更新 Fireside。</translation>
    </message>
    <message>
        <source>{what}: what it belongs to is not there any more; open another conversation or folder.</source>
        <translation>{what}：它所属的内容已不存在；请打开其他对话或文件夹。</translation>
    </message>
    <message>
        <source>“{name}” is the database itself; name another file for its backup.</source>
        <translation>“{name}”就是数据库本身；请为备份指定其他文件。</translation>
    </message>
    <message>
        <source>“{name}” holds no conversation that can be read.</source>
        <translation>“{name}”中没有可以读取的对话。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read: {reason}; check the file and its disk.</source>
        <translation>无法读取“{name}”：{reason}；请检查文件和磁盘。</translation>
    </message>
    <message>
        <source>The damaged database {path} cannot be set aside: {reason}.</source>
        <translation>无法将损坏的数据库 {path} 移到一旁：{reason}。</translation>
    </message>
    <message>
        <source>the memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>The file of the conversations, “{name}”, was empty; if it held any, restore a backup.</source>
        <translation>对话文件“{name}”是空的；如果其中原本有对话，请恢复备份。</translation>
    </message>
    <message>
        <source>The conversations were damaged and could not be opened; {instead}. The damaged file was kept as “{name}”, and a rescue brings back what can be read.</source>
        <translation>对话已损坏，无法打开；{instead}。损坏的文件已保留为“{name}”，可通过抢救取回其中仍可读取的内容。</translation>
    </message>
    <message>
        <source>those in “{name}”, an older copy, took its place</source>
        <translation>已由较旧的副本“{name}”中的对话代替</translation>
    </message>
    <message>
        <source>a new file was begun</source>
        <translation>已新建一个文件</translation>
    </message>
    <message>
        <source>{format} always holds everything; choose another format to leave thinking out.</source>
        <translation>{format} 总是包含全部内容；要去掉思考过程，请选择其他格式。</translation>
    </message>
    <message>
        <source>There is no folder “{name}”; name one as the sidebar shows it (Work or Work/Tea).</source>
        <translation>没有文件夹“{name}”；请按侧边栏中的写法指定（如 Work 或 Work/Tea）。</translation>
    </message>
    <message>
        <source>{name} holds more than {most} files; unpack it and import a part of it.</source>
        <translation>{name} 中的文件超过 {most} 个；请解压后导入其中一部分。</translation>
    </message>
    <message>
        <source>{name} would unpack to more than {most} GB; import a part of it.</source>
        <translation>{name} 解压后超过 {most} GB；请导入其中一部分。</translation>
    </message>
    <message>
        <source>{name} cannot be read further: {reason}.</source>
        <translation>无法继续读取 {name}：{reason}。</translation>
    </message>
    <message>
        <source>{name} was written by a newer Fireside; update this one to read it.</source>
        <translation>{name} 由较新的 Fireside 写入；请更新后再读取。</translation>
    </message>
    <message>
        <source>GPT4All&apos;s file holds an unknown kind of message, {kind}.</source>
        <translation>GPT4All 的文件中有未知的消息类型 {kind}。</translation>
    </message>
    <message>
        <source>GPT4All&apos;s file nests its messages too deeply.</source>
        <translation>GPT4All 的文件中消息嵌套过深。</translation>
    </message>
    <message>
        <source>{name} was written by a newer GPT4All (format {format}, known are 1 to {last}).</source>
        <translation>{name} 由较新的 GPT4All 写入（格式 {format}，支持 1 到 {last}）。</translation>
    </message>
    <message>
        <source>{name} holds a value of a type that cannot be read (QVariant {type}).</source>
        <translation>{name} 中有无法读取的值类型（QVariant {type}）。</translation>
    </message>
    <message>
        <source>{name} ends too early or is damaged.</source>
        <translation>{name} 不完整或已损坏。</translation>
    </message>
    <message>
        <source>“{name}” was written by a newer Fireside; update Fireside to read it.</source>
        <translation>“{name}”由较新的 Fireside 写入；请更新 Fireside 后再读取。</translation>
    </message>
    <message>
        <source>“{name}” holds no presets; choose a file that Fireside exported.</source>
        <translation>“{name}”中没有预设；请选择 Fireside 导出的文件。</translation>
    </message>
    <message>
        <source>“{name}” is larger than {most} MiB; it holds no presets.</source>
        <translation>“{name}”超过 {most} MiB；其中不是预设。</translation>
    </message>
    <message>
        <source>“{name}” is not JSON: {reason}.</source>
        <translation>“{name}”不是 JSON：{reason}。</translation>
    </message>
    <message>
        <source>{name} is larger than {most} MiB.</source>
        <translation>{name} 超过 {most} MiB。</translation>
    </message>
    <message>
        <source>{name} does not hold a JSON object.</source>
        <translation>{name} 中不是 JSON 对象。</translation>
    </message>
    <message>
        <source>{name} is not valid JSON: {reason}.</source>
        <translation>{name} 不是有效的 JSON：{reason}。</translation>
    </message>
    <message>
        <source>{name}: the tensor {tensor} is missing.</source>
        <translation>{name}：缺少张量 {tensor}。</translation>
    </message>
    <message>
        <source>{name}: {complaint} (byte {at}).</source>
        <translation>{name}：{complaint}（字节 {at}）。</translation>
    </message>
    <message>
        <source>this is not a GGUF file</source>
        <translation>这不是 GGUF 文件</translation>
    </message>
    <message>
        <source>the key &apos;general.alignment&apos; is {value}, not a power of two from 8 on</source>
        <translation>键 &apos;general.alignment&apos; 为 {value}，不是大于等于 8 的 2 的幂</translation>
    </message>
    <message>
        <source>{where} is there twice</source>
        <translation>{where}出现了两次</translation>
    </message>
    <message>
        <source>{where} has the unknown value type {type}</source>
        <translation>{where}的值类型 {type} 未知</translation>
    </message>
    <message>
        <source>{where} is an array of the unknown or nested type {type}</source>
        <translation>{where}是未知或嵌套类型 {type} 的数组</translation>
    </message>
    <message>
        <source>{where} holds a string that is longer than what is left</source>
        <translation>{where}中的字符串超出了剩余部分</translation>
    </message>
    <message>
        <source>the tensor {tensor} does not begin at a multiple of {alignment} bytes</source>
        <translation>张量 {tensor} 的起点不是 {alignment} 字节的倍数</translation>
    </message>
    <message>
        <source>the tensor {tensor} ends at byte {stop}, past the end of the file at {size}; the file is cut off, download it again</source>
        <translation>张量 {tensor} 在字节 {stop} 处结束，超出了文件末尾 {size}；文件不完整，请重新下载</translation>
    </message>
    <message>
        <source>{tensor} overlaps another one</source>
        <translation>{tensor}与另一个张量重叠</translation>
    </message>
    <message>
        <source>{tensor} leaves a hole before it</source>
        <translation>{tensor}之前有空隙</translation>
    </message>
    <message>
        <source>{where} has {dimensions} dimensions; 1 to {most} are possible</source>
        <translation>{where}有 {dimensions} 个维度；允许 1 到 {most} 个</translation>
    </message>
    <message>
        <source>{where} has the impossible shape {shape}</source>
        <translation>{where}的形状 {shape} 不可能</translation>
    </message>
    <message>
        <source>{where} has rows of {values} values, not whole {kind} blocks of {size}</source>
        <translation>{where}每行 {values} 个值，不是 {size} 个一块的 {kind} 的整数倍</translation>
    </message>
    <message>
        <source>the tensors {first} and {second} overlap</source>
        <translation>张量 {first} 与 {second} 重叠</translation>
    </message>
    <message>
        <source>{where} holds a string of {length} bytes, more than {most} MiB</source>
        <translation>{where}中的字符串有 {length} 字节，超过 {most} MiB</translation>
    </message>
    <message>
        <source>the file ends inside {where}; it is cut off, download it again</source>
        <translation>文件在{where}处中断，不完整；请重新下载</translation>
    </message>
    <message>
        <source>{where} announces {count} {what}, more than {left} bytes can hold</source>
        <translation>{where}声称有 {count} 项（{what}），超出了 {left} 字节所能容纳的数量</translation>
    </message>
    <message>
        <source>{where} is damaged ({reason})</source>
        <translation>{where}已损坏（{reason}）</translation>
    </message>
    <message>
        <source>{name}: the tensor {tensor}</source>
        <translation>{name} 的张量 {tensor} </translation>
    </message>
    <message>
        <source>the header</source>
        <translation>文件头</translation>
    </message>
    <message>
        <source>the tokenizer in the file</source>
        <translation>文件的分词器</translation>
    </message>
    <message>
        <source>the key {key}</source>
        <translation>键 {key} </translation>
    </message>
    <message>
        <source>the tensor {tensor}</source>
        <translation>张量 {tensor} </translation>
    </message>
    <message>
        <source>{what}: {place}: {reason}.</source>
        <translation>{what}：{place}：{reason}。</translation>
    </message>
    <message>
        <source>{name} holds more than {most} files; the others were skipped.</source>
        <translation>{name} 中的文件超过 {most} 个；其余的已跳过。</translation>
    </message>
    <message>
        <source>{name} holds files without a name, which were skipped.</source>
        <translation>{name} 中有没有名称的文件，已跳过。</translation>
    </message>
    <message>
        <source>{name} is encrypted; unpack {archive} with its password and import the folder.</source>
        <translation>{name} 已加密；请用密码解压 {archive}，然后导入该文件夹。</translation>
    </message>
    <message>
        <source>{name} is packed far too tightly to be what it claims to be, so it was skipped.</source>
        <translation>{name} 的压缩率高得不可能是它所声称的内容，已跳过。</translation>
    </message>
    <message>
        <source>{name} is a zip inside of what was chosen; import it by itself.</source>
        <translation>{name} 是所选内容中的 zip；请单独导入它。</translation>
    </message>
    <message>
        <source>{name} is a database in a zip; unpack it and import it by itself.</source>
        <translation>{name} 是 zip 中的数据库；请解压后单独导入。</translation>
    </message>
    <message>
        <source>{name}: entry {number} was skipped because it is not an object.</source>
        <translation>{name}：第 {number} 个条目不是对象，已跳过。</translation>
    </message>
    <message>
        <source>{name}: entry {number} was skipped because it is {reason}.</source>
        <translation>{name}：第 {number} 个条目{reason}，已跳过。</translation>
    </message>
    <message>
        <source>nested too deeply</source>
        <translation>嵌套过深</translation>
    </message>
    <message>
        <source>not valid JSON ({reason})</source>
        <translation>不是有效的 JSON（{reason}）</translation>
    </message>
    <message>
        <source>{name}: an entry of more than {most} MB or {values} values was skipped.</source>
        <translation>{name}：有一个条目超过 {most} MB 或 {values} 个值，已跳过。</translation>
    </message>
    <message>
        <source>{name} goes on behind the end of its array; that was skipped.</source>
        <translation>{name} 在数组结束之后还有内容；这部分已跳过。</translation>
    </message>
    <message>
        <source>{name} ends in the middle of an entry, which was skipped.</source>
        <translation>{name} 在一个条目中间结束，该条目已跳过。</translation>
    </message>
    <message>
        <source>{name}: “{title}” has no messages.</source>
        <translation>{name}：“{title}”没有消息。</translation>
    </message>
    <message>
        <source>{name}: an entry has no messages.</source>
        <translation>{name}：有一个条目没有消息。</translation>
    </message>
    <message>
        <source>{name}: an entry has no turns.</source>
        <translation>{name}：有一个条目没有对话轮次。</translation>
    </message>
    <message>
        <source>{name}: a line is not a message, so it was skipped.</source>
        <translation>{name}：有一行不是消息，已跳过。</translation>
    </message>
    <message>
        <source>{name} has no messages in {file} beside it.</source>
        <translation>{name} 旁边的 {file} 中没有消息。</translation>
    </message>
    <message>
        <source>{name} has no messages.</source>
        <translation>{name} 没有消息。</translation>
    </message>
    <message>
        <source>{name} holds a conversation of a newer Fireside; update this one to read it.</source>
        <translation>{name} 中有较新版本 Fireside 的对话；请更新当前版本后再读取。</translation>
    </message>
    <message>
        <source>The attachment “{name}” is damaged, so it was skipped.</source>
        <translation>附件“{name}”已损坏，已跳过。</translation>
    </message>
    <message>
        <source>“{name}” is kept by its name alone: its chat holds too much beside it.</source>
        <translation>“{name}”只保留了名称：它所在的对话中其他内容过多。</translation>
    </message>
    <message>
        <source>A picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>{sentence} The messages before that were kept.</source>
        <translation>{sentence}在此之前的消息已保留。</translation>
    </message>
    <message>
        <source>{count} more were skipped.</source>
        <translation>另有 {count} 项已跳过。</translation>
    </message>
    <message>
        <source>“{title}” lies in the bin; restore it there.</source>
        <translation>“{title}”在回收站中；请在那里恢复它。</translation>
    </message>
    <message>
        <source>“{title}”: left out were {count} with the id of another message.</source>
        <translation>“{title}”：有 {count} 条消息与其他消息的编号相同，已略去。</translation>
    </message>
    <message>
        <source>It failed in GPT4All.</source>
        <translation>它在 GPT4All 中失败了。</translation>
    </message>
    <message>
        <source>It failed in Jan.</source>
        <translation>它在 Jan 中失败了。</translation>
    </message>
</context>
<context>
    <name>models</name>
    <message>
        <source>fits well</source>
        <translation>内存充足</translation>
    </message>
    <message>
        <source>tight</source>
        <translation>内存紧张</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation>内存不足</translation>
    </message>
    <message>
        <source>Fits well: it needs {need} of {have} with a context of {context} tokens.</source>
        <translation>内存充足：在 {context} Token 的上下文下需要 {need}，可用 {have}。</translation>
    </message>
    <message>
        <source>Tight: it needs {need} of {have} with a context of {context} tokens.</source>
        <translation>内存紧张：在 {context} Token 的上下文下需要 {need}，可用 {have}。</translation>
    </message>
    <message>
        <source>Does not fit: it needs {need}, and {have} are free, with a context of {context} tokens.</source>
        <translation>内存不足：在 {context} Token 的上下文下需要 {need}，而可用 {have}。</translation>
    </message>
    <message>
        <source>Up to {context} tokens would fit.</source>
        <translation>最多可容纳 {context} 个 Token。</translation>
    </message>
    <message>
        <source>Plain text</source>
        <translation>纯文本</translation>
    </message>
    <message>
        <source>Own folder</source>
        <translation>自己的文件夹</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Opened here</source>
        <translation>在此打开过</translation>
    </message>
</context>
<context>
    <name>presets</name>
    <message>
        <source>Precise</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>均衡</translation>
    </message>
    <message>
        <source>Creative</source>
        <translation>创意</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Translate</source>
        <translation>翻译</translation>
    </message>
</context>
<context>
    <name>roles</name>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
</context>
<context>
    <name>samplers</name>
    <message>
        <source>logit bias</source>
        <translation>Logit 偏置</translation>
    </message>
    <message>
        <source>repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>presence and frequency penalty</source>
        <translation>存在与频率惩罚</translation>
    </message>
    <message>
        <source>temperature 0</source>
        <translation>温度 0</translation>
    </message>
    <message>
        <source>typical</source>
        <translation>典型采样</translation>
    </message>
</context>
<context>
    <name>values</name>
    <message>
        <source>Off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Told to the model before the first message. Empty: none.</source>
        <translation>在第一条消息之前告诉模型的内容。留空：无。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Higher is more varied. 0: always the likeliest word.</source>
        <translation>越高回复越多样。0：总是选最可能的词。</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Only the likeliest tokens that together reach p. 1: off.</source>
        <translation>只从累计概率达到 p 的最可能的 Token 中抽取。1：关闭。</translation>
    </message>
    <message>
        <source>Longest reply</source>
        <translation>最大回复长度</translation>
    </message>
    <message>
        <source>In tokens. 0: up to the context&apos;s end.</source>
        <translation>以 Token 计。0：直到上下文用完。</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>The same seed gives the same reply. Empty: a new one.</source>
        <translation>相同的种子得到相同的回复。留空：每次随机。</translation>
    </message>
    <message>
        <source>New for each reply</source>
        <translation>每次回复随机</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Only the k likeliest tokens may be drawn. 0: off.</source>
        <translation>只从概率最高的 k 个 Token 中抽取。0：关闭。</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>Drops tokens less likely than p times the likeliest. 0: off.</source>
        <translation>去掉概率低于最高概率 p 倍的 Token。0：关闭。</translation>
    </message>
    <message>
        <source>Typical</source>
        <translation>典型采样 (Typical)</translation>
    </message>
    <message>
        <source>Keeps tokens about as surprising as expected, up to this share. 1: off.</source>
        <translation>保留意外程度接近预期的 Token，累计到此比例为止。1：关闭。</translation>
    </message>
    <message>
        <source>Top-n-sigma</source>
        <translation>Top-n-sigma</translation>
    </message>
    <message>
        <source>Drops tokens more than n deviations below the likeliest. 0: off.</source>
        <translation>去掉比最可能的 Token 低 n 个标准差以上的 Token。0：关闭。</translation>
    </message>
    <message>
        <source>XTC probability</source>
        <translation>XTC 概率</translation>
    </message>
    <message>
        <source>How often the most obvious tokens are left out. 0: off.</source>
        <translation>以多大概率排除最明显的 Token。0：关闭。</translation>
    </message>
    <message>
        <source>XTC threshold</source>
        <translation>XTC 阈值</translation>
    </message>
    <message>
        <source>How likely a token must be to count as obvious. Above 0.5: off.</source>
        <translation>概率达到多少才算“明显”。大于 0.5：关闭。</translation>
    </message>
    <message>
        <source>Dynamic temperature</source>
        <translation>动态温度</translation>
    </message>
    <message>
        <source>How far the temperature follows the model&apos;s doubt, both ways. 0: off.</source>
        <translation>温度随模型的不确定程度上下变化的幅度。0：关闭。</translation>
    </message>
    <message>
        <source>Dynamic temperature exponent</source>
        <translation>动态温度指数</translation>
    </message>
    <message>
        <source>Above 1, only great doubt warms. 1: in proportion.</source>
        <translation>大于 1 时，只有很不确定时才升温。1：成正比。</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Above 1, words already used become less likely. 1: off.</source>
        <translation>大于 1 时，已出现过的词更不容易再次出现。1：关闭。</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>Lowers each token that was there, however often. 0: off.</source>
        <translation>降低每个出现过的 Token 的概率，与次数无关。0：关闭。</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>Lowers a token each time that it was there. 0: off.</source>
        <translation>Token 每出现一次就降低其概率。0：关闭。</translation>
    </message>
    <message>
        <source>Penalty window</source>
        <translation>惩罚范围</translation>
    </message>
    <message>
        <source>How many of the last tokens these penalties look at. 0: none.</source>
        <translation>这些惩罚检查最近多少个 Token。0：不检查。</translation>
    </message>
    <message>
        <source>DRY multiplier</source>
        <translation>DRY 强度</translation>
    </message>
    <message>
        <source>How strongly repeated sequences are lowered. 0: off.</source>
        <translation>对重复片段的抑制强度。0：关闭。</translation>
    </message>
    <message>
        <source>DRY base</source>
        <translation>DRY 底数</translation>
    </message>
    <message>
        <source>How fast that grows with the length of the sequence. 1: not at all.</source>
        <translation>抑制随片段长度增长的快慢。1：不增长。</translation>
    </message>
    <message>
        <source>DRY allowed length</source>
        <translation>DRY 允许长度</translation>
    </message>
    <message>
        <source>Sequences up to this many tokens are barely lowered.</source>
        <translation>不超过此 Token 数的片段几乎不受抑制。</translation>
    </message>
    <message>
        <source>DRY breakers</source>
        <translation>DRY 分隔符</translation>
    </message>
    <message>
        <source>No sequence goes on over these, one a line. \n stands for a line&apos;s end.</source>
        <translation>重复片段不会跨越这些内容，每行一项。\n 表示换行。</translation>
    </message>
    <message>
        <source>Mirostat surprise</source>
        <translation>Mirostat 目标值</translation>
    </message>
    <message>
        <source>Aims at this many bits of surprise, instead of what truncates. 0: off.</source>
        <translation>以此比特数的意外程度为目标，代替各种截断方式。0：关闭。</translation>
    </message>
    <message>
        <source>Mirostat rate</source>
        <translation>Mirostat 学习率</translation>
    </message>
    <message>
        <source>How fast mirostat corrects itself.</source>
        <translation>Mirostat 自我修正的快慢。</translation>
    </message>
    <message>
        <source>Logit bias</source>
        <translation>Logit 偏置</translation>
    </message>
    <message>
        <source>Adds to the logit of a token, a line each: id = number. Empty: off.</source>
        <translation>为 Token 的 logit 加上一个值，每行一项：编号 = 数值。留空：关闭。</translation>
    </message>
    <message>
        <source>Stop strings</source>
        <translation>停止字符串</translation>
    </message>
    <message>
        <source>A reply ends before any of these, one a line. \n stands for a line&apos;s end.</source>
        <translation>回复遇到其中任意一项即结束，每行一项。\n 表示换行。</translation>
    </message>
    <message>
        <source>JSON output</source>
        <translation>JSON 输出</translation>
    </message>
    <message>
        <source>Holds every reply to a JSON schema. Empty: off.</source>
        <translation>让每条回复都遵循 JSON Schema。留空：关闭。</translation>
    </message>
</context>
</TS>
