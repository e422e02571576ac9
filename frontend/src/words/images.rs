//! What the page says about pushing, logins, searching, loading and sharing: handed to the table's macro together with
//! the words that stand there.

macro_rules! with_images {
    ($table:ident! { $($words:tt)* } $($more:tt)*) => { $table! { $($words)* $($more)*
    // without a pull
    LookInside: "Look inside", "查看内容";
    LookInsideOf: "Look inside {} without pulling it", "不拉取，直接查看 {} 的内容";

    // pushing
    Push: "Push", "推送";
    PushImage: "Push {}", "推送 {}";
    PushAs: "Push as", "推送为";
    PushHow: "to {} as {}", "推送到 {}，名称为 {}";
    PushTags: "to {} as {}; the image gets that name first", "推送到 {}，名称为 {}；会先给镜像加上这个名称";
    PushNeedsTag: "A push needs a name with a tag, not a digest.", "推送需要带标签的名称，不能用摘要。";
    PushGoing: "Pushing {}", "正在推送 {}";
    PushDone: "{} is pushed.", "{} 已推送。";
    PushFailed: "Not pushed: {}", "推送失败：{}";
    PushCut: "the connection ended before the push did; push again, what arrived is not sent twice", "推送完成前连接中断；请重新推送，已送达的层不会重发";
    PushCancelled: "Cancelled. What the registry has already is not sent again.", "已取消。仓库已收到的层下次不会重发。";
    CopyPush: "Copy docker push", "复制 docker push";
    PhasePushing: "pushing", "推送中";
    PhasePushed: "pushed", "已推送";
    PhaseExists: "already there", "仓库已有";
    PhaseMounted: "mounted from {}", "从 {} 挂载";
    LoginIs: "logged in as {}", "已登录为 {}";
    LoginNone: "not logged in", "未登录";
    LoginOwn: "this server's own registry", "本机内置仓库";
    LogIn: "Log in", "登录";
    LogInTo: "Log in…", "登录…";
    LogOut: "Log out", "退出登录";
    LogOutOf: "Log out of {}", "退出 {}";
    Logins: "Logins at registries", "仓库登录";
    LoginsNone: "No login is kept here.", "没有保存任何登录。";
    LoginsHow: "Kept on the server, readable by its owner alone, and sent to that host and port only.",
        "保存在服务器上，仅所有者可读，并且只发送给对应的主机和端口。";
    LoginRegistry: "Registry", "仓库";
    LoginRegistryHow: "host[:port]; empty for Docker Hub", "主机[:端口]；留空为 Docker Hub";
    LoginUser: "User", "用户名";
    LoginPassword: "Password or token", "密码或令牌";
    LoginTrying: "Asking the registry…", "正在询问仓库…";
    LoginDone: "{} accepts the login of {}.", "{} 已接受 {} 的登录。";
    LoginRefused: "{} says no: {}", "{} 拒绝：{}";

    // searching
    SearchDo: "Search", "搜索";
    SearchFor: "Search registries for “{}”", "在仓库中搜索“{}”";
    SearchFound: "“{}” at registries", "仓库中的“{}”";
    SearchNothing: "nothing there has “{}” in its name", "没有名称包含“{}”的仓库";
    SearchFailed: "no search service answers there: {}", "没有可用的搜索服务：{}";
    SearchAsking: "asking…", "正在询问…";
    SearchStars: "{} stars", "{} 颗星";
    SearchOfficial: "official", "官方";
    SearchAutomated: "automated", "自动构建";
    SearchNeedsWord: "Type a word to search for.", "请输入要搜索的词。";

    // loading
    LoadTar: "Load a tar…", "加载 tar…";
    LoadDrop: "or drop one anywhere here: docker save, OCI layout, gzip or zstd", "或拖到此处任意位置：docker save 或 OCI 布局，gzip 或 zstd";
    LoadDropHere: "Drop to load", "松开即加载";
    LoadWaits: "waiting", "等待中";
    LoadSending: "sending", "发送中";
    LoadReading: "reading layers", "正在读取层";
    LoadDone: "loaded", "已加载";
    LoadNothing: "The archive has no image.", "归档中没有镜像。";
    LoadFailed: "Not loaded: {}", "加载失败：{}";
    LoadCancelled: "Cancelled. Nothing was kept.", "已取消，没有留下任何内容。";
    LoadCut: "the connection ended before the archive did; nothing was kept", "归档传完之前连接中断，没有留下任何内容";
    LoadFolder: "This is a folder or an empty file; a tar is needed. For an OCI layout: tar -C folder -cf layout.tar .",
        "这是文件夹或空文件；需要 tar。对于 OCI 布局：tar -C 文件夹 -cf layout.tar .";

    // several images, and what removing them frees
    SelectAll: "Select all shown", "全选";
    SelectOne: "Select {}", "选择 {}";
    SelectedOne: "{} image selected", "已选择 {} 个镜像";
    Selected: "{} images selected", "已选择 {} 个镜像";
    SelectNone: "Clear", "清除";
    SaveSelected: "Save as one tar", "保存为一个 tar";
    RemoveSelected: "Remove…", "删除…";
    RemoveTheseAsk: "Remove these?", "删除这些镜像？";
    RemoveTheseYes: "Remove them", "确认删除这些";
    RemoveThisAsk: "Remove {}?", "删除 {}？";
    Frees: "frees {} on disk", "释放磁盘 {}";
    FreesNothing: "frees nothing", "不释放空间";
    FreesParts: "{} of files in {}, {} of blobs", "{} 文件（{}），{} 数据块";
    FreesLayersOne: "{} layer", "{} 层";
    FreesLayers: "{} layers", "{} 层";
    FreesNamesOne: "{} only loses this name", "{} 个仅失去此名称";
    FreesNames: "{} only lose a name", "{} 个仅失去名称";
    FreesRefused: "refused: {}", "会被拒绝：{}";

    // the sharing map
    Sharing: "Shared layers", "层共享";
    SharingOpen: "Shared layers", "层共享";
    SharingHow: "Each row is an image, its layers from the bottom at the left; width is bytes. A block over several rows is on disk once.",
        "每行一个镜像，左侧为最底层，宽度代表字节。跨多行的色块在磁盘上只有一份。";
    SharingTotal: "on disk", "磁盘占用";
    SharingWithout: "without sharing", "若不共享";
    SharingSaved: "saved by sharing", "共享节省";
    SharingUnique: "Only here", "独有";
    SharingShared: "Shared", "共享";
    SharingChoose: "Choose an image to see what removing it would really free.", "选择一个镜像，查看删除它实际会释放多少空间。";
    SharingRemoving: "Removing {}", "删除 {}";
    SharingOwn: "only in this image", "仅此镜像有";
    SharingWithOne: "in {} more image", "另有 {} 个镜像";
    SharingWith: "in {} more images", "另有 {} 个镜像";
    } };
}

pub(super) use with_images;
