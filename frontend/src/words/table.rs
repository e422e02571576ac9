//! The table of words.

use super::{Lang, workshop::with_workshop};

macro_rules! words {
    ($($word:ident: $en:literal, $zh:literal;)*) => {
        /// Something that the page says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is explained by its text")]
        pub enum Word { $($word),* }

        impl Word {
            /// Every word.
            pub const ALL: &[Word] = &[$(Word::$word),*];

            /// In `lang`.
            pub fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Word::$word, Lang::En) => $en, (Word::$word, Lang::Zh) => $zh,)*
                }
            }
        }
    };
}

with_workshop! { words! {
    // the shell
    SkipToContent: "Skip to content", "跳到正文";
    MainNavigation: "Main", "主导航";
    Images: "Images", "镜像";
    Search: "Search or run…", "搜索或执行…";
    Language: "Language", "语言";
    Theme: "Theme", "主题";
    ThemeAuto: "auto", "自动";
    ThemeLight: "light", "浅色";
    ThemeDark: "dark", "深色";
    Keys: "Keys", "按键";
    Close: "Close", "关闭";
    Copy: "Copy", "复制";
    Copied: "Copied", "已复制";
    Nowhere: "There is no page at {}", "没有这个页面：{}";
    ToImages: "See the images", "查看镜像";

    // times
    JustNow: "just now", "刚刚";
    MinutesAgo: "{} min ago", "{} 分钟前";
    HoursAgo: "{} h ago", "{} 小时前";
    DaysAgo: "{} d ago", "{} 天前";
    MonthsAgo: "{} mo ago", "{} 个月前";
    YearsAgo: "{} y ago", "{} 年前";

    // what can go wrong anywhere
    NoSession: "This browser has no session", "此浏览器没有会话";
    NoSessionHow: "Open the address that strata serve printed when it started: its token lets this browser in.",
        "请打开 strata serve 启动时打印的地址，其中的令牌会让此浏览器进入。";
    NoServer: "The server does not answer. Is strata serve still running?", "服务器没有响应。strata serve 还在运行吗？";
    NotUnderstood: "The server sent something this page does not understand: {}", "服务器返回了无法理解的内容：{}";
    TryAgain: "Try again", "重试";

    // the list of images
    ImagesHere: "Images on this server", "本机镜像";
    FilterImages: "Filter by name or id", "按名称或 ID 筛选";
    NoMatch: "Nothing matches “{}”.", "没有与“{}”匹配的内容。";
    ClearFilter: "Clear the filter", "清除筛选";
    ColumnName: "Name", "名称";
    ColumnId: "Id", "ID";
    ColumnCreated: "Created", "创建时间";
    ColumnSize: "Size", "大小";
    ColumnPlatform: "Platform", "平台";
    ColumnLayers: "Layers", "层";
    ColumnActions: "Actions", "操作";
    LayerCountOne: "{} layer", "{} 层";
    LayerCount: "{} layers", "{} 层";
    Untagged: "untagged", "无标签";
    Remove: "Remove", "删除";
    RemoveNamed: "Remove {}", "删除 {}";
    RemoveAsk: "Remove {}? Layers that no other image uses go with it.", "删除 {}？没有其他镜像使用的层会一并删除。";
    RemoveYes: "Remove it", "确认删除";
    Cancel: "Cancel", "取消";
    CopyPull: "Copy docker pull", "复制 docker pull";
    SaveTar: "Save", "保存";
    SaveOf: "Save {} as a tar, as docker save does", "把 {} 保存为 tar 文件，与 docker save 相同";
    NoImages: "No images yet", "还没有镜像";
    NoImagesHow: "An image is a stack of layers. Pull one to see what each layer adds, changes and hides.",
        "镜像是一叠层。拉取一个镜像，看看每一层增加、修改和隐藏了什么。";
    PullSuggested: "Pull {}", "拉取 {}";

    // pulling
    PullAn: "Pull an image", "拉取镜像";
    PullPlaceholder: "name[:tag], host:port/name@sha256:…", "名称[:标签]，主机:端口/名称@sha256:…";
    Pull: "Pull", "拉取";
    PullOf: "Pulling {}", "正在拉取 {}";
    PullWill: "pulls {}", "将拉取 {}";
    PullNeedsName: "Type the name of an image, for example busybox or 127.0.0.1:5000/demo.", "请输入镜像名称，例如 busybox 或 127.0.0.1:5000/demo。";
    WrongUppercase: "The repository name {} must be lower case.", "仓库名 {} 必须为小写。";
    WrongComponent: "“{}” can't be a part of a repository name: it takes a–z, 0–9, and single . _ - or __ between them.",
        "“{}”不能作为仓库名的一部分：只能用 a–z、0–9，以及中间的单个 . _ - 或 __。";
    WrongDomain: "“{}” is not a registry: it takes host or host:port.", "“{}”不是仓库地址：应为 主机 或 主机:端口。";
    WrongTag: "“{}” is not a tag: it takes up to 128 of A–Z a–z 0–9 _ . - and doesn't start with . or -.",
        "“{}”不是标签：最多 128 个 A–Z a–z 0–9 _ . - 字符，且不能以 . 或 - 开头。";
    WrongDigest: "The digest is wrong: {}.", "摘要有误：{}。";
    WrongLength: "The name has {} characters; 255 are allowed.", "名称有 {} 个字符，最多 255 个。";
    WrongId: "{} looks like an image id; a name is needed to pull.", "{} 像是镜像 ID；拉取需要名称。";
    PhaseWaiting: "waiting", "等待中";
    PhaseDownloading: "downloading", "下载中";
    PhaseDownloaded: "downloaded", "已下载";
    PhaseExtracting: "unpacking", "解包中";
    PhaseDone: "done", "完成";
    PhasePresent: "already here", "本机已有";
    PullAsking: "asking the registry…", "正在询问仓库…";
    PullDone: "{} is here.", "{} 已拉取。";
    PullUpToDate: "{} was up to date already.", "{} 已是最新。";
    PullCancelled: "Cancelled. Nothing was kept.", "已取消，没有留下任何内容。";
    PullFailed: "Not pulled: {}", "拉取失败：{}";
    PullCut: "the connection ended before the pull did; pull again to go on", "拉取完成前连接中断；请重新拉取以继续";
    OpenImage: "Open", "打开";

    // the explorer
    ImageMissing: "This server has no image {}", "本机没有镜像 {}";
    ImageMissingHow: "Pull it, or choose one of the images that are here.", "请拉取它，或从本机镜像中选择。";
    Stack: "Stack", "层叠";
    StackLabel: "Layers, top first", "层（自上而下）";
    LayerN: "Layer {}", "第 {} 层";
    SheetOn: "Layer {} is part of the union", "第 {} 层参与合并";
    BaseIs: "base: {}", "基础镜像：{}";
    Curtain: "Curtain: the union up to layer {}", "幕布：合并到第 {} 层";
    AllOn: "all on", "全部打开";
    Unpacked: "unpacked", "解包后";
    Stored: "stored", "压缩后";
    Gain: "net", "净增";
    LostLater: "hidden by layers above", "被上方的层遮盖";
    HidesBytes: "hides {}", "隐藏 {}";
    EntriesOne: "{} entry", "{} 个条目";
    Entries: "{} entries", "{} 个条目";
    SharedWith: "shared with {}", "与 {} 共享";
    NoInstruction: "no instruction recorded", "没有记录指令";
    DiffId: "diff id", "diff id";
    Digest: "digest", "摘要";
    MediaType: "media type", "媒体类型";
    Created: "created", "创建于";
    Comment: "comment", "备注";
    EmptyRow: "made no layer", "不产生层";
    ReadingLayers: "Reading layers {} of {}", "正在读取层 {} / {}";

    Files: "Files", "文件";
    FilesLabel: "Files of the image", "镜像中的文件";
    Merged: "Merged", "合并";
    Ghosts: "Ghosts", "幽灵";
    GhostsHow: "Show what a layer hides or deletes", "显示被隐藏或删除的内容";
    FilterFiles: "Filter: text or *.glob", "筛选：文本或 *.通配";
    ViewOptions: "View", "视图";
    ShowAdded: "added", "新增";
    ShowModified: "modified", "修改";
    ShowDeleted: "deleted", "删除";
    ShowUnmodified: "unmodified", "未变";
    Attributes: "Attributes", "属性";
    BySize: "By size", "按大小";
    ExpandAll: "Expand all", "全部展开";
    CollapseAll: "Collapse all", "全部折叠";
    DeletedBy: "deleted by {}", "被第 {} 层删除";
    HiddenBy: "hidden by {}", "被第 {} 层遮盖";
    LayerDidNothing: "Layer {} changes no file.", "第 {} 层没有改动任何文件。";
    AllOff: "Every layer is switched off.", "所有层都已关闭。";
    EmptyImage: "This image has no files.", "此镜像没有文件。";
    NothingLeft: "The view leaves everything out.", "视图设置隐藏了全部内容。";
    ShowEverything: "Show everything", "全部显示";
    RowCountOne: "{} row", "{} 行";
    RowCount: "{} rows", "{} 行";

    File: "File", "文件";
    ChooseFile: "Choose a file to see what is in it and which layers touched it.", "选择一个文件，查看其内容以及哪些层改动过它。";
    FromLayer: "from layer {}", "来自第 {} 层";
    NotInView: "{} is not in this view", "此视图中没有 {}";
    NotInViewHow: "No layer that is switched on has it.", "已打开的层中没有它。";
    LinksTo: "links to {}", "链接到 {}";
    LeadsNowhere: "leads nowhere in this image", "在此镜像中不存在";
    HardLinkTo: "same file as {}", "与 {} 为同一文件";
    Xattrs: "extended attributes", "扩展属性";
    Owner: "Owner", "属主";
    Mode: "Mode", "权限";
    Modified: "Modified", "修改时间";
    Device: "device {}", "设备号 {}";
    KindFile: "file", "文件";
    KindDirectory: "directory", "目录";
    KindSymlink: "symbolic link", "符号链接";
    KindHardlink: "hard link", "硬链接";
    KindCharDevice: "character device", "字符设备";
    KindBlockDevice: "block device", "块设备";
    KindFifo: "named pipe", "命名管道";
    KindWhiteout: "whiteout: hides what is below", "白障：遮盖下方内容";
    OpaqueDirectory: "opaque: hides everything of this name below", "不透明：遮盖下方同名目录的全部内容";
    Blame: "Blame", "溯源";
    BlameHow: "Which layers touched this path", "哪些层改动过此路径";
    ChangeAdded: "added", "新增";
    ChangeModified: "modified", "修改";
    ChangeDeleted: "deleted", "删除";
    ChangeMetadata: "only owner, mode or time", "仅属主、权限或时间";
    ChangeSame: "shipped again", "重复收录";
    TabText: "Text", "文本";
    TabHex: "Hex", "十六进制";
    TabPicture: "Picture", "图片";
    Download: "Download", "下载";
    MoreLines: "Load more: {} of {} shown", "加载更多：已显示 {} / {}";
    EmptyFile: "The file is empty.", "文件为空。";
    PictureTooLarge: "The picture has {}; up to {} are drawn.", "图片大小为 {}，最多显示 {}。";
    PictureBroken: "The browser can't draw this picture.", "浏览器无法显示此图片。";
    PictureOf: "Picture {}", "图片 {}";
    Ghost: "This version is hidden in the image but still ships with it.", "此版本在镜像中不可见，但仍随镜像分发。";

    Total: "total", "总计";
    HiddenTotal: "shipped but hidden", "随镜像分发但不可见";
    OnlyMetadata: "only changed owner, mode or time", "仅属主、权限或时间改变";
    Efficiency: "efficiency", "效率";
    Wasted: "wasted {}", "浪费 {}";
    WastePanel: "Wasted bytes", "浪费的字节";
    WasteHow: "Paths that more than one layer ships. Only the last version is seen.", "多个层都包含的路径，只有最后一个版本可见。";
    NoWaste: "Every path is shipped once.", "每个路径只分发一次。";
    WastedShare: "{} of what is above the lowest layer", "占最底层之上内容的 {}";
    WastedPathsOne: "{} path", "{} 个路径";
    WastedPaths: "{} paths", "{} 个路径";

    // the list of containers
    Containers: "Containers", "容器";
    ContainersHere: "Containers on this server", "本机容器";
    FilterContainers: "Filter by name, image or id", "按名称、镜像或 ID 筛选";
    ToContainers: "See the containers", "查看容器";
    ColumnImage: "Image", "镜像";
    ColumnCommand: "Command", "命令";
    ColumnPorts: "Ports", "端口";
    ColumnStatus: "Status", "状态";
    ColumnCpu: "CPU", "CPU";
    ColumnMemory: "Memory", "内存";
    NoContainers: "No containers yet", "还没有容器";
    NoContainersHow: "A container is an image's layers with one writable layer on top. Run one to see copy-on-write happen.",
        "容器就是镜像的层加上最上面一个可写层。运行一个容器，看看写时复制如何发生。";
    Run: "Run", "运行";
    RunContainer: "Run a container", "运行容器";
    RunOf: "Run {}", "运行 {}";
    StateCreated: "created", "已创建";
    StateRunning: "running", "运行中";
    StatePaused: "paused", "已暂停";
    StateRestarting: "restarting", "重启中";
    StateRemoving: "removing", "删除中";
    StateExited: "exited", "已退出";
    StateDead: "dead", "已失效";
    DoStart: "Start", "启动";
    DoStop: "Stop", "停止";
    DoKill: "Kill", "强制结束";
    DoRestart: "Restart", "重启";
    DoPause: "Pause", "暂停";
    DoUnpause: "Unpause", "恢复";
    RemoveContainerAsk: "Remove {}? Its writable layer goes with it.", "删除 {}？它的可写层会一并删除。";
    RemoveRunningAsk: "{} is running. Stop it at once and remove it with its writable layer?", "{} 正在运行。立即结束并连同可写层一起删除？";

    // running
    RunImage: "Image", "镜像";
    RunName: "Name", "名称";
    RunNameHow: "empty: the engine makes one up", "留空则自动生成";
    RunCommand: "Command", "命令";
    RunCommandHow: "empty: {}", "留空则为 {}";
    RunCommandImage: "what the image says", "镜像中的默认命令";
    RunTty: "With a terminal", "分配终端";
    RunRemove: "Remove it when it ends", "退出后自动删除";
    RunEnv: "Environment", "环境变量";
    RunEnvHow: "NAME=value, one per line", "名称=值，每行一个";
    RunPorts: "Ports", "端口";
    RunPortsHow: "8080:80, 127.0.0.1::53/udp, one per line", "8080:80、127.0.0.1::53/udp，每行一个";
    RunVolumes: "Volumes", "卷";
    RunVolumesHow: "name:/path[:ro] or /path, one per line", "名称:/路径[:ro] 或 /路径，每行一个";
    RunStarting: "Starting…", "正在启动…";
    CopyRun: "Copy docker run", "复制 docker run";
    RunNeedsImage: "Choose an image.", "请选择镜像。";
    WrongContainerName: "“{}” is not a name: it takes two or more of A–Z a–z 0–9 _ . - and begins with a letter or digit.",
        "“{}”不是有效名称：至少两个 A–Z a–z 0–9 _ . - 字符，且以字母或数字开头。";
    WrongQuote: "The quote {} is never closed.", "引号 {} 没有闭合。";
    WrongEnv: "“{}” is not NAME=value.", "“{}”不是 名称=值。";
    WrongPort: "“{}” is not a port: it takes 1 to 65535.", "“{}”不是端口：应为 1 到 65535。";
    WrongProtocol: "“{}” is not a protocol: it takes tcp, udp or sctp.", "“{}”不是协议：应为 tcp、udp 或 sctp。";
    WrongAddress: "“{}” is not an IP address; IPv6 stands in brackets.", "“{}”不是 IP 地址；IPv6 要加方括号。";
    WrongRange: "“{}”: the ranges don't fit each other, or have too many ports.", "“{}”：端口范围不匹配或过大。";
    WrongVolume: "“{}” has too many colons: it takes name:/path[:ro].", "“{}”的冒号过多：应为 名称:/路径[:ro]。";
    WrongTarget: "“{}” is not a path in the container: it begins with / and is not / itself.", "“{}”不是容器内的路径：要以 / 开头，且不能是 / 本身。";
    WrongSource: "“{}” is neither a volume's name nor an absolute path.", "“{}”既不是卷名也不是绝对路径。";
    WrongMode: "“{}” is not a mode of a volume: ro or rw.", "“{}”不是卷的模式：应为 ro 或 rw。";

    // a container
    ContainerMissing: "This server has no container {}", "本机没有容器 {}";
    ContainerMissingHow: "It may have been removed when it ended.", "它可能在退出时已被删除。";
    OfImage: "of {}", "来自 {}";
    Terminal: "Terminal", "终端";
    TerminalConnecting: "connecting…", "正在连接…";
    TerminalOpen: "connected", "已连接";
    TerminalClosed: "disconnected", "已断开";
    TerminalLeave: "Ctrl F6 leaves the terminal", "Ctrl F6 离开终端";
    TerminalNone: "The terminal couldn't be loaded: {}", "无法加载终端：{}";
    NoTerminal: "Started without a terminal: what it prints is shown.", "启动时没有分配终端，这里显示其输出。";
    NotRunning: "It isn't running.", "容器未在运行。";
    Reconnect: "Connect again", "重新连接";
    Writable: "Writable layer", "可写层";
    WritableEmpty: "Nothing was written yet: all that this container sees comes from the layers below.", "尚未写入任何内容：容器看到的一切都来自下面的层。";
    WritableLost: "The engine stopped telling what happens; asking again…", "引擎停止报告变化，正在重新连接…";
    MoreRows: "{} more under Changes", "“变更”中还有 {} 项";
    Covered: "{} covered", "{} 项被遮盖";
    CoveredHow: "Paths of this layer that the writable layer hides or replaces", "此层中被可写层遮盖或替换的路径";
    DidCreated: "created", "新建";
    DidRenamed: "moved", "移动";
    DidCopiedUp: "copied up", "上拷";
    DidReplaced: "replaced", "替换";
    DidAttributes: "only attributes", "仅属性";
    DidSame: "copied, not changed", "已拷贝，未改变";
    DidOpaque: "opaque: hides all below", "不透明：遮盖下方全部";
    DidDeleted: "deleted", "已删除";
    MovedFrom: "moved from /{}", "移自 /{}";
    CopiedBytes: "{} copied", "拷贝 {}";
    CopiedFor: "{} copied for {} changed", "拷贝 {}，改变 {}";
    CopiedForLeast: "{} copied for at least {} changed", "拷贝 {}，至少改变 {}";
    FromLayerN: "from {}", "来自第 {} 层";
    FigureCopied: "copied up", "上拷";
    FigureChanged: "changed", "改变";
    FigureHeld: "held by the writable layer", "可写层占用";
    FigureShared: "shared with the image", "与镜像共享";
    ChangesOne: "{} change", "{} 项变更";
    ChangesMany: "{} changes", "{} 项变更";
    AtLeast: "at least", "至少";
    TabChanges: "Changes", "变更";
    TabReads: "Reads", "读取";
    ReadsFollow: "Follow reads", "跟踪读取";
    ReadsStop: "Stop following", "停止跟踪";
    ReadsHow: "See which files this container really reads, and from which layer. It never waits for this; nothing is noted before you ask.",
        "查看容器真正读取了哪些文件、来自哪一层。容器不会因此等待；开始之前不作任何记录。";
    ReadsUnavailable: "Reads can't be followed here.", "此处无法跟踪读取。";
    ReadsEnded: "It isn't running, so it reads nothing. Following goes on when it is started.", "容器未在运行，没有读取。启动后会继续跟踪。";
    ReadsNone: "Nothing was read since you asked.", "开始跟踪以来没有读取任何文件。";
    ReadsLost: "More was read than could be told: these are the least.", "读取过多，未能全部记录：以下为最小值。";
    ReadsOf: "{} of {} files were read", "{} / {} 个文件被读取过";
    ReadsNever: "none of {} files was ever read", "{} 个文件从未被读取";
    ReadsNoFiles: "no files", "没有文件";
    ReadsBytes: "{} of {}", "{} / {}";
    ReadsBytesHow: "Sizes of whole files; how much of each was read is not known", "按整个文件的大小计；每个文件实际读了多少未知";
    ReadsRecent: "Files read, latest first", "读取的文件（最新在前）";
    ReadsOne: "{} file read", "读取了 {} 个文件";
    ReadsMany: "{} files read", "读取了 {} 个文件";
    HowOpened: "opened", "打开";
    HowRead: "read", "读取";
    HowExecuted: "executed", "执行";
    TabLogs: "Logs", "日志";
    TabMount: "Mount", "挂载";
    TabCommit: "Commit", "提交";
    AsTree: "Tree", "树";
    AsList: "List", "列表";
    NoChanges: "docker diff is empty: the container changed no file.", "docker diff 为空：容器没有改动任何文件。";
    ChooseChange: "Choose a change to see it against the version below.", "选择一项变更，与下层版本对比。";
    NotChanged: "{} is not changed", "{} 没有变更";
    TabDiff: "Diff", "对比";
    TabNow: "Now", "现在";
    TabBelow: "Below", "下层";
    SameContent: "The content is the same as below: only mode, owner, time or extended attributes changed.",
        "内容与下层相同：只改变了权限、属主、时间或扩展属性。";
    SameLines: "Both versions have the same content.", "两个版本内容相同。";
    NotText: "This is no text: {} below, {} now.", "不是文本：下层 {}，现在 {}。";
    NotTextNow: "This is no text: {}.", "不是文本：{}。";
    TooLarge: "Too large to compare here: {} below, {} now.", "过大，无法在此对比：下层 {}，现在 {}。";
    OnlyFirst: "The first {} are shown.", "只显示前 {}。";
    NoContent: "It has no content of its own to show.", "没有可显示的内容。";
    DeletedHere: "Deleted here; this is the version below, which still ships with the image.", "已在此删除；以下是下层版本，仍随镜像存在。";
    LinesAdded: "lines: {} added", "新增 {} 行";
    LinesRemoved: "{} removed", "删除 {} 行";
    Follow: "Follow", "跟随";
    LogsEmpty: "It has printed nothing.", "没有任何输出。";
    LogsDropped: "{} earlier lines are not kept here", "更早的 {} 行未保留";
    StandardError: "standard error", "标准错误";
    MountHow: "What the engine mounts for this container", "引擎为此容器所做的挂载";
    MountDriver: "driver", "驱动";
    MountCommand: "command", "命令";
    MountMerged: "merged: what the container sees", "merged：容器看到的";
    MountUpper: "upperdir: the writable layer", "upperdir：可写层";
    MountWork: "workdir: overlayfs's own", "workdir：overlayfs 自用";
    MountLower: "lowerdir: the image's layers", "lowerdir：镜像的层";
    CommitHow: "The writable layer becomes one more layer of a new image; the layers below are shared.", "可写层成为新镜像的一个新层，下面的层共享。";
    CommitName: "Image name", "镜像名称";
    CommitTag: "Tag", "标签";
    CommitMessage: "Message", "说明";
    CommitAuthor: "Author", "作者";
    CommitPause: "Pause it meanwhile", "提交时暂停";
    CommitButton: "Commit", "提交";
    Committing: "Committing…", "正在提交…";
    CopyCommit: "Copy docker commit", "复制 docker commit";
    Beside: "Beside…", "并排…";
    BesideHow: "Show another container beside this one", "与另一个容器并排显示";
    BesideNew: "Run another of this image", "用此镜像再运行一个";
    BesideEnd: "Only this one", "只看这一个";
    SharedBase: "Shared by both: {} once on disk", "两者共享：磁盘上只有一份 {}";
    SharedNothing: "They share no layer.", "它们没有共享的层。";
    KeyTerminal: "To the terminal", "进入终端";
    KeyChanges: "Changes", "变更";
    KeyReads: "Reads", "读取";
    KeyLogs: "Logs", "日志";
    KeyMount: "Mount", "挂载";
    KeyCommit: "Commit", "提交";
    KeyRun: "Run a container", "运行容器";
    KeysContainer: "Container", "容器";

    // keys
    KeysPage: "Everywhere", "任何位置";
    KeysExplorer: "Explorer", "浏览器";
    KeyPalette: "Command palette", "命令面板";
    KeyHelp: "This list", "显示此列表";
    KeyFilter: "Filter", "筛选";
    KeyWaste: "Wasted bytes", "浪费的字节";
    KeyGhosts: "Ghosts on or off", "显示或隐藏幽灵";
    KeyNextPane: "Next pane", "下一个窗格";
    KeyUp: "Up", "上移";
    KeyDown: "Down", "下移";
    KeyFirst: "First", "首行";
    KeyLast: "Last", "末行";
    KeyPageUp: "Page up", "上翻一页";
    KeyPageDown: "Page down", "下翻一页";
    KeySwitchSheet: "Switch the sheet on or off", "打开或关闭该层";
    KeyOnlyLayer: "Only what the layer did", "只看该层的改动";
    KeyMerged: "Everything merged", "查看合并结果";
    KeyOpen: "Unfold, or first child", "展开，或进入第一个子项";
    KeyClose: "Fold, or parent", "折叠，或回到上级";
    KeyFold: "Fold or unfold", "折叠或展开";
    KeyFoldAll: "Fold everything", "全部折叠";
    KeyUnfoldAll: "Unfold everything", "全部展开";
    KeyAdded: "Added files", "新增的文件";
    KeyRemoved: "Removed files", "删除的文件";
    KeyModified: "Modified files", "修改的文件";
    KeyUnmodified: "Unmodified files", "未变的文件";
    KeyAttributes: "Attributes", "属性列";
    KeySort: "Sort by size or name", "按大小或名称排序";
} }
