//! What is said of registries and in the registry theatre. A table of its own: it is large, and few pages need it.

use super::words;

words! {
    Talk;
    // the registry browser
    RegistryTitle: "Registry", "镜像仓库";
    RegistryPlace: "Registry or repository", "仓库地址或名称";
    RegistryHint: "host[:port], host/repository[:tag], or a name on Docker Hub", "主机[:端口]、主机/仓库[:标签]，或 Docker Hub 上的名称";
    RegistryGo: "Open", "打开";
    RegistryTypedWrong: "This names no registry: expected host[:port], host/repository[:tag] or a name such as alpine.",
        "这不是仓库：请输入 主机[:端口]、主机/仓库[:标签]，或 alpine 这样的名称。";
    RegistryOwn: "This server", "本机";
    RegistryKnown: "Registries", "仓库";
    TheatreLink: "Requests", "请求实况";
    Repositories: "Repositories", "仓库列表";
    RepositoriesFilter: "Filter repositories…", "筛选仓库…";
    RepositoriesNone: "Nothing was pushed here yet", "还没有推送过任何内容";
    RepositoriesNoneThere: "The registry lists no repository.", "该仓库没有列出任何内容。";
    RepositoriesNoneHow: "Give an image a name that begins with this server's address, and push it.", "给镜像一个以本机地址开头的名称，然后推送。";
    RepositoryName: "Name of a repository", "仓库名称";
    RepositoryOpen: "Open", "打开";
    RepositoryChoose: "Choose a repository to see its tags.", "选择一个仓库查看标签。";
    Tags: "Tags", "标签";
    TagsFilter: "Filter tags…", "筛选标签…";
    TagsCountOne: "{} tag", "{} 个标签";
    TagsCount: "{} tags", "{} 个标签";
    TagsCountSome: "{} of {} tags", "{} / {} 个标签";
    TagsLoading: "{} tags, more are coming", "已有 {} 个标签，还在加载";
    TagsNone: "This repository has no tags.", "此仓库没有标签。";
    TagsNoMatch: "No tag has that in its name.", "没有匹配的标签。";
    TagOf: "keeps what refers to a digest", "保存指向某个摘要的内容";
    ColumnTag: "Tag", "标签";
    ColumnSize: "Size", "大小";
    ColumnAge: "Age", "时间";
    ColumnPlatforms: "Platforms", "平台";
    ColumnKind: "Kind", "类型";
    ColumnDigest: "Digest", "摘要";
    MorePlatforms: "+{}", "+{}";
    HereMark: "here", "本机已有";
    HereAs: "This image is here as {}", "本机已有此镜像：{}";

    // a tag
    TagClose: "Close", "关闭";
    FactSize: "compressed", "压缩后";
    FactMedia: "Media type", "媒体类型";
    FactDigest: "Digest", "摘要";
    FactCreated: "Created", "创建";
    FactArtifact: "Artifact", "制品";
    Explore: "Open in the explorer", "查看各层与文件";
    PullTag: "Pull", "拉取";
    PullAgain: "Pull again", "再次拉取";
    CopyCommands: "Copy", "复制";
    CopyPullTag: "docker pull", "docker pull";
    CopyPullDigest: "docker pull by digest", "按摘要 docker pull";
    CopyManifest: "curl the manifest", "curl 取清单";
    CopySkopeo: "skopeo copy", "skopeo copy";
    CopyDigest: "Copy digest", "复制摘要";
    RemoveTag: "Remove tag", "删除标签";
    RemoveTagAsk: "Remove the tag {}?", "删除标签 {}？";
    RemoveTagFrees: "That frees {} in {} blobs.", "将释放 {}，共 {} 个数据块。";
    RemoveTagShared: "Other tags point at the same image, so nothing is freed.", "其他标签指向同一镜像，不会释放空间。";
    RemoveTagNothing: "Nothing is freed yet: everything in it is still used, or was pushed within the last hours.", "暂不释放空间：其内容仍被使用，或是最近几小时内推送的。";
    RemoveTagKept: "Its layers stay for {}.", "其中的层仍被 {} 使用。";
    RemoveTagDo: "Remove it", "确认删除";
    Cancel: "Cancel", "取消";
    Images: "Images", "镜像";
    ImagesMore: "and {} more that were not looked at", "另有 {} 个未查看";
    NoPlatform: "no platform told", "未注明平台";
    PartLost: "the registry doesn't have this part", "仓库缺少这一部分";
    LayersOf: "Layers of {}", "{} 的层";
    LayersPlain: "Layers", "层";
    LayerUsers: "also in", "也用于";
    LayerUsersMore: "and {} more", "等 {} 个";
    LayerAlone: "nobody else here has it", "本机没有其他镜像使用";
    Referrers: "What refers to it", "指向它的内容";
    ReferrersNone: "No signature, attestation or other artifact refers to it.", "没有签名、证明或其他制品指向它。";
    Signature: "Signature", "签名";
    Sbom: "Bill of materials (SBOM)", "物料清单（SBOM）";
    Provenance: "Provenance", "构建来源证明";
    Findings: "Findings", "扫描结果";
    Attestation: "Attestation", "证明";
    Artifact: "Artifact", "制品";
    ReferrerFor: "for {}", "针对 {}";

    // what can go wrong there
    Unauthorized: "{} wants a login", "{} 需要登录";
    UnauthorizedHow: "Log in with a user of that registry, then it is asked again.", "用该仓库的用户登录，然后会重新询问。";
    Denied: "{} refuses", "{} 拒绝访问";
    DeniedHow: "Another user may be allowed to see it. The name may also be wrong: registries often refuse what doesn't exist.",
        "可能需要换一个用户。名称也可能有误：仓库常常对不存在的内容也回答拒绝。";
    NotThere: "{} doesn't have that", "{} 没有此内容";
    NotThereHow: "Check the spelling of the repository and the tag.", "请检查仓库名和标签的拼写。";
    Unreachable: "{} can't be reached", "无法连接 {}";
    UnreachableHow: "Check host and port, and whether the registry runs.", "请检查主机和端口，以及仓库是否在运行。";
    Tls: "The connection to {} can't be trusted", "到 {} 的连接不可信";
    TlsHow: "Its certificate is not valid here, or it speaks plain http. Start strata with --insecure-registry for it if that is meant.",
        "证书在此处无效，或者它只说 http。如果确实如此，请用 --insecure-registry 启动 strata。";
    NotRegistry: "{} is not a registry", "{} 不是镜像仓库";
    NotRegistryHow: "Something answers there, but not as a registry does. Check host and port.", "那里有服务应答，但不像镜像仓库。请检查主机和端口。";
    NotOffered: "{} doesn't list its repositories", "{} 不提供仓库列表";
    NotOfferedHow: "Many registries don't. Type the name of a repository to see its tags.", "许多仓库都不提供。请输入仓库名称查看标签。";
    TooMany: "{} asks to be asked less often", "{} 要求减少请求";
    TooManyHow: "Wait a while. A login often raises the limit.", "请稍候。登录后限额通常更高。";
    Malformed: "{} sent something that can't be used", "{} 返回了无法使用的内容";
    MalformedHow: "Its own words are below.", "详情见下。";
    LoginDo: "Log in", "登录";
    Again: "Try again", "重试";

    // the theatre
    Theatre: "Requests to registries", "对镜像仓库的请求";
    TheatreHow: "Every pull and push of this server, request by request, whoever began it.", "本机的每次拉取和推送，逐个请求展示，无论由谁发起。";
    TheatreNone: "No pull or push yet", "还没有拉取或推送";
    TheatreNoneHow: "Begin one here or in a terminal: docker pull, docker push. It appears while it happens.", "在这里或终端里开始：docker pull、docker push。进行时即会出现。";
    TheatreNoneDo: "See the registry", "查看镜像仓库";
    TheatreGone: "This transfer is not kept any more.", "这次传输的记录已不再保留。";
    TheatreList: "Recent transfers", "最近的传输";
    DeedPull: "pull", "拉取";
    DeedPush: "push", "推送";
    EndDone: "done", "完成";
    EndStopped: "stopped", "已停止";
    EndFailed: "failed", "失败";
    Going: "running", "进行中";
    SumRequestsOne: "{} request", "{} 个请求";
    SumRequests: "{} requests", "{} 个请求";
    SumReceived: "received", "已接收";
    SumSent: "sent", "已发送";
    SumSpared: "not transferred", "无需传输";
    LaneUs: "Strata", "Strata";
    LaneThem: "Registry", "镜像仓库";
    Rows: "Requests in order", "按顺序的请求";
    RowsDropped: "{} later requests are counted, not shown", "之后的 {} 个请求只计数，不显示";
    Point: "Point at a request, or reach it with Tab and the arrow keys, to read what it is for.", "把指针移到请求上，或用 Tab 和方向键选择，查看它的用途。";
    Stop: "Stop", "停止";
    CloseStage: "Close", "关闭";
    Connecting: "Asking the registry…", "正在询问仓库…";
    Attempt: "try {}", "第 {} 次";
    RedirectedTo: "redirected to {}", "重定向到 {}";
    WithLogin: "with login", "带登录信息";
    Authorized: "authorized", "带授权";
    AskPing: "Are you a registry?", "你是镜像仓库吗？";
    AskToken: "A token for {}", "获取 {} 的令牌";
    AskTokenAny: "A token", "获取令牌";
    AskManifestTag: "Manifest of tag {}", "标签 {} 的清单";
    AskManifest: "Manifest {}", "清单 {}";
    AskBlob: "Blob {}", "数据块 {}";
    AskBlobRest: "Blob {}, from {} on", "数据块 {}，从 {} 处续传";
    AskCheck: "Do you have {}?", "有 {} 吗？";
    AskMount: "Take {} over from {}", "挂载 {}，来自 {}";
    AskBegin: "I want to send {}", "准备上传 {}";
    AskSend: "Here is {}", "发送 {}";
    AskSendRest: "Here is {}, from {} on", "发送 {}，从 {} 处续传";
    AskFinish: "That was all of {}", "{} 发送完毕";
    AskProgress: "How much of {} arrived?", "{} 收到了多少？";
    AskPut: "Manifest for {}", "{} 的清单";
    AskTags: "Which tags are there?", "有哪些标签？";
    AskCatalog: "Which repositories are there?", "有哪些仓库？";
    AskReferrers: "What refers to {}?", "什么指向 {}？";
    AskSearch: "Search", "搜索";
    NotAskedHere: "{} is here: not asked for", "{} 本机已有：不请求";
    NotAskedJoined: "{} is on its way for another pull: not asked for twice", "{} 正由另一次拉取获取：不重复请求";
    NotAskedUpToDate: "All of it is here: nothing more to ask for", "全部已在本机：无需再请求";
    SaidExists: "already exists", "已存在";
    SaidLacks: "not yet", "还没有";
    SaidMounted: "mounted", "已挂载";
    SaidNotMounted: "not taken over: send it", "未挂载：请上传";
    SaidToken: "token", "已得到令牌";
    SaidLogin: "show a token first", "请先出示令牌";
    SaidBegin: "go ahead", "请上传";
    SaidStored: "stored", "已存储";
    SaidResumed: "the rest", "剩余部分";
    SaidDenied: "denied", "拒绝";
    SaidNotFound: "not found", "未找到";
    SaidTooMany: "too many requests", "请求过多";
    SaidTrouble: "trouble there", "对方出错";
    LessonPing: "GET /v2/ finds out whether a registry answers there, and how it wants to be shown a login: 200 means none is needed, 401 says where to get a token.",
        "GET /v2/ 用来确认对方是镜像仓库，以及如何登录：200 表示无需登录，401 会说明到哪里取令牌。";
    LessonToken: "The token server gives a short-lived token for one repository and one kind of access. The password goes there and nowhere else.",
        "令牌服务器发放短期令牌，只对一个仓库、一种权限有效。密码只发给它，不发给别处。";
    LessonManifest: "A tag is only a name that can move. The manifest that it points at lists the config and the layers by digest.",
        "标签只是一个可以移动的名字。它指向的清单按摘要列出配置和各层。";
    LessonManifestDigest: "An index lists one manifest per platform. The one for this machine is asked for by digest, so its bytes can be checked.",
        "索引为每个平台列出一个清单。按摘要请求本机平台的清单，因此可以校验内容。";
    LessonBlob: "A layer or config travels as a blob and is named by the digest of its bytes, which are checked while they arrive.",
        "层和配置都以数据块传输，名称就是内容的摘要，接收时边收边校验。";
    LessonRange: "The transfer had broken off. A Range names the first missing byte, so what arrived already is not sent again.",
        "传输曾中断。Range 指明缺失的第一个字节，已收到的部分不再重传。";
    LessonRedirect: "Registries often keep blobs elsewhere and answer with a redirect. The login does not follow: the other host gets none.",
        "仓库常把数据块放在别处并回答重定向。登录信息不会跟随：另一台主机得不到它。";
    LessonCheck: "Before sending, a HEAD asks whether the blob is there. 200 means that it is, and nothing is sent.",
        "发送之前先用 HEAD 询问数据块是否已有。200 表示已有，就不再发送。";
    LessonMount: "Another repository of the same registry has the blob. The registry links it here, without a byte going over the network.",
        "同一仓库服务的另一个仓库已有此数据块。服务端直接关联，网络上不传一个字节。";
    LessonBegin: "POST opens an upload, and the answer says where its bytes go.", "POST 开启一次上传，回答会给出上传地址。";
    LessonSend: "PATCH sends the blob's bytes. If it breaks off, the registry says how much arrived, and the rest follows.",
        "PATCH 发送数据块内容。如果中断，仓库会说明已收到多少，然后续传剩余部分。";
    LessonFinish: "PUT with the digest ends the upload. The registry stores the blob only if its bytes have that digest.",
        "带摘要的 PUT 结束上传。只有内容与摘要一致，仓库才会保存。";
    LessonProgress: "After a break the registry says how many bytes it has, so that only the rest is sent.", "中断之后，仓库说明已有多少字节，只需发送剩余部分。";
    LessonPut: "The manifest goes last, when all its blobs are there. From then on the tag means this image.",
        "清单最后发送，此时所有数据块都已就位。从此标签就指向这个镜像。";
    LessonList: "A list from the registry, page by page.", "仓库给出的列表，逐页获取。";
    LessonHere: "Layers are shared between images. This one came with another image, so it isn't asked for.",
        "层在镜像之间共享。这一层已随其他镜像而来，因此不再请求。";
    LessonJoined: "Two pulls want the same layer. It is fetched once, for both.", "两次拉取需要同一层，只获取一次，供双方使用。";
    LessonUpToDate: "The manifest's digest is that of an image here: nothing has changed, and the pull ends after a request or two.",
        "清单的摘要与本机镜像一致：没有变化，一两个请求之后拉取就结束了。";
}
