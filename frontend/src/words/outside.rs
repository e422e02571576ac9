//! What is said of images that are looked into without being pulled. A table of its own: few pages need it.

use super::words;

words! {
    Look;
    NotPulled: "not pulled", "未拉取";
    NotPulledHow: "This is what the registry has. Nothing of it is kept here but lists of files.", "这是仓库中的内容，本机只保留文件列表。";
    LayersRead: "{} of {} layers read", "已读取 {} / {} 层";
    BytesRead: "{} of {}", "{} / {}";
    AllRead: "All layers are read. A file is fetched when it is opened.", "所有层均已读取。打开文件时才会获取其内容。";
    Partial: "What is shown is of these.", "显示的内容仅来自这些层。";
    StopReading: "Stop reading", "停止读取";
    ReadRest: "Read the rest", "读取其余的层";
    ReadLayer: "Read", "读取";
    ReadLayerN: "Read layer {}", "读取第 {} 层";
    StopLayer: "Stop", "停止";
    StopLayerN: "Stop reading layer {}", "停止读取第 {} 层";
    Queued: "waiting", "等待中";
    Reading: "reading", "读取中";
    Unread: "not read", "未读取";
    UnreadLayer: "Layer {} is not read yet, so nobody knows what it did.", "第 {} 层尚未读取，不知道它做了什么。";
    UnreadAll: "No layer is read yet.", "尚未读取任何层。";
    Platform: "Platform", "平台";
    PullIt: "Pull", "拉取";
    PullItHow: "Pull it, to run it and to keep it", "拉取后即可运行和保留";
    Pulling: "pulling, {} of {} layers", "正在拉取，{} / {} 层";
    PullStop: "Stop the pull", "停止拉取";
    OpenHere: "Open the one that is here", "打开本机上的镜像";
    ToRegistry: "See it in the registry", "在仓库中查看";
    Refused: "The registry does not show {}", "仓库没有给出 {}";
}
