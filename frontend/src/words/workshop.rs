//! What is said in the workshop and of surgery. A table of its own: it is large, and few pages need it.

use super::words;

words! {
    Craft;
    // the workshop: the list
    FilterWorkshops: "Filter workshops…", "筛选工坊…";
    WorkshopNew: "New workshop", "新建工坊";
    WorkshopEmpty: "Empty Dockerfile", "空 Dockerfile";
    WorkshopFromGit: "From git…", "从 git…";
    WorkshopFromTar: "From a tar…", "从 tar…";
    WorkshopFromFolder: "From a folder…", "从文件夹…";
    WorkshopDrop: "or drop a folder or a tar here", "或把文件夹、tar 拖到这里";
    WorkshopNone: "No workshop yet", "还没有工坊";
    WorkshopNoneHow: "A workshop is a Dockerfile with its files. Begin with a template: it builds as it is.",
        "工坊是一个 Dockerfile 和它的文件。从模板开始：原样就能构建。";
    WorkshopOpenFirst: "Begin with “{}”", "从“{}”开始";
    WorkshopGone: "There is no workshop {}", "没有工坊 {}";
    WorkshopTo: "See the workshops", "查看工坊";
    Templates: "Templates", "模板";
    TemplateNetwork: "needs a network", "需要网络";
    TemplateOn: "on {}", "基于 {}";
    ColumnFiles: "Files", "文件";
    ColumnChanged: "Changed", "修改";
    ColumnLastBuild: "Last build", "上次构建";
    ColumnBuilt: "When", "时间";
    ColumnOutcome: "Outcome", "结果";
    NeverBuilt: "never built", "还没构建过";
    GitAddress: "Address of a repository", "仓库地址";
    GitHint: "https://host/path.git#branch:directory", "https://主机/路径.git#分支:目录";
    GitFetch: "Fetch", "获取";
    SharedTitle: "A shared Dockerfile", "分享的 Dockerfile";
    SharedHow: "It came with the address. Nothing runs until you make a workshop of it and build.",
        "它来自网址。在你用它建工坊并构建之前，什么都不会运行。";
    SharedTake: "Make a workshop of it", "用它新建工坊";
    SharedBroken: "The address carries a Dockerfile that can't be read", "网址里的 Dockerfile 无法读取";
    RemoveWorkshopAsk: "Remove the workshop {} with its files? Images stay.", "移除工坊 {} 和它的文件？镜像会保留。";

    // the workshop: the head and the editor
    WorkshopName: "Name of the workshop", "工坊名称";
    BuildDo: "Build", "构建";
    BuildStop: "Stop", "停止";
    BuildNoCache: "without the cache", "不用缓存";
    FormatDo: "Format", "格式化";
    ShareDo: "Copy as an address", "复制为网址";
    RunResult: "Run", "运行";
    OpenResult: "Open the image", "打开镜像";
    EditorLabel: "Dockerfile editor. Tab indents; press Escape and then Tab to leave.",
        "Dockerfile 编辑器。Tab 缩进；先按 Escape 再按 Tab 离开。";
    EditorNone: "The editor can't be loaded: {}", "编辑器无法加载：{}";
    EditorLeave: "Esc, Tab leaves", "Esc、Tab 离开";
    Saved: "saved", "已保存";
    Saving: "saving…", "正在保存…";
    Unsaved: "not saved", "未保存";
    SaveLost: "Somebody else changed this file meanwhile.", "这个文件同时被别人改了。";
    SaveMine: "Keep mine", "保留我的";
    SaveTheirs: "Take theirs", "用对方的";
    BackToDockerfile: "Dockerfile", "Dockerfile";
    NoText: "This is no text that can be edited.", "这不是可以编辑的文本。";
    ProblemsNone: "no problems", "没有问题";
    ProblemsOne: "1 problem", "1 个问题";
    Problems: "{} problems", "{} 个问题";

    // the forecast
    ForecastCached: "cached", "命中缓存";
    ForecastRuns: "runs", "会执行";
    ForecastUnknown: "unknown until it runs", "执行前未知";
    ForecastBase: "base", "基础";
    ForecastLast: "last time {}", "上次 {}";
    ForecastLastBytes: "last time {}, {}", "上次 {}，{}";
    ForecastSummary: "{} of {} steps from the cache", "{} / {} 步来自缓存";
    ForecastCost: "{} to run: about {}, {}", "{} 步要执行：约 {}，{}";
    ForecastCostUnknown: "{} to run", "{} 步要执行";
    ForecastMay: "{} may run: at most about {}, {}", "{} 步可能要执行：最多约 {}，{}";
    ForecastMayUnknown: "{} may run", "{} 步可能要执行";
    ForecastMore: "{} more after it: {}", "之后还有 {} 步：{}";
    CauseNever: "never built", "从未构建";
    CauseNoCache: "without the cache", "不用缓存";
    CauseParent: "step {} before it runs", "前面第 {} 步要执行";
    CauseInstruction: "the line changed", "这一行改了";
    CauseArgument: "argument {} changed", "参数 {} 变了";
    CauseAdded: "{} added", "新增 {}";
    CauseRemoved: "{} removed", "移除 {}";
    CauseContent: "{} changed", "{} 改了";
    CauseMode: "mode of {} changed", "{} 的权限变了";
    CauseOthers: "(and {} more)", "（还有 {} 个）";
    CauseMoved: "it was step {}", "原来是第 {} 步";
    CauseFiles: "something that is copied changed", "复制的内容变了";
    CauseSource: "depends on {}", "取决于 {}";
    CauseRemote: "depends on {}", "取决于 {}";
    CauseTruncated: "more was built than is known here", "构建记录太多，这里不全";
    ForecastFails: "fails", "会失败";
    CauseBase: "base {} moved", "基础镜像 {} 变了";
    CauseBaseAbsent: "{} has to be pulled", "要先拉取 {}";
    CauseGone: "its image is gone", "它的镜像已不在";
    HoverStage: "A stage: begins at line {}", "一个阶段：从第 {} 行开始";
    HoverImage: "Here: {} layers, {}, {}", "本地已有：{} 层，{}，{}";
    HoverAbsent: "Not here: a build would pull it", "本地没有：构建时会拉取";

    // the context
    ContextFiles: "Context", "上下文";
    ContextSent: "{} sent, {}", "发送 {}，{}";
    ContextIgnored: "{} left out, {}", "忽略 {}，{}";
    ContextIgnoredBy: ".dockerignore:{}", ".dockerignore:{}";
    ContextEmpty: "Only a Dockerfile so far. Drop files here.", "目前只有 Dockerfile。把文件拖到这里。";
    ContextAdd: "Add a file…", "新建文件…";
    ContextAddDo: "Add", "新建";
    ContextPath: "Path of the new file", "新文件的路径";
    ContextUpload: "Upload files…", "上传文件…";
    ContextFolder: "Upload a folder…", "上传文件夹…";
    ContextGit: "From git…", "从 git…";
    ContextUploading: "sending {}…", "正在发送 {}…";
    PathEmpty: "A file needs a path.", "文件需要路径。";
    PathComponent: "A path has no empty part, no . and no ..", "路径里不能有空的部分、. 或 ..";
    PathTaken: "Something is there already.", "那里已经有了。";
    RemoveFileAsk: "Delete {}?", "删除 {}？";
    Delete: "Delete", "删除";
    UploadTooLarge: "{} is more than can be sent at once ({})", "{} 超过一次能发送的大小（{}）";

    // settings
    Settings: "Settings", "设置";
    BuildArgs: "Build arguments", "构建参数";
    BuildArgsNone: "The Dockerfile declares no ARG.", "Dockerfile 没有声明 ARG。";
    BuildArgDefault: "default {}", "默认 {}";
    BuildArgUnset: "no default", "没有默认值";
    BuildArgUnknown: "not declared", "没有声明";
    BuildTarget: "Target stage", "目标阶段";
    BuildTargetLast: "the last stage", "最后一个阶段";
    BuildTags: "Names of the image, one per line", "镜像的名字，每行一个";
    BuildCommand: "The same with docker", "用 docker 做同样的事";

    // the build
    BuildTitle: "Build", "构建";
    BuildNotYet: "Not built yet. Ctrl Enter builds.", "还没构建。Ctrl Enter 构建。";
    BuildRunning: "Step {} of {}", "第 {} / {} 步";
    BuildPreparing: "sending the context", "正在发送上下文";
    BuildDone: "Built in {}", "构建完成，用时 {}";
    BuildFailed: "Failed after {}", "{} 后失败";
    BuildFailedAt: "Step {} failed", "第 {} 步失败";
    BuildCancelled: "Stopped", "已停止";
    BuildCut: "The connection was lost; the build may go on: see Builds.", "连接断了；构建可能还在继续，请看“构建记录”。";
    BuildSent: "context: {}, {}", "上下文：{}，{}";
    FileCountOne: "{} file", "{} 个文件";
    FileCount: "{} files", "{} 个文件";
    OutputFollow: "Follow", "跟随";
    OutputLabel: "Output of the step", "这一步的输出";
    StepLine: "Line {} of the Dockerfile", "Dockerfile 第 {} 行";
    StepRuns: "running", "执行中";
    StepCached: "cached", "缓存";
    StepRan: "ran", "已执行";
    StepBase: "base", "基础";
    StepFailed: "failed", "失败";
    StepStopped: "stopped", "已停止";
    StepAgrees: "as forecast", "与预测一致";
    StepDiffers: "not as forecast", "与预测不同";
    OutputNone: "It printed nothing.", "没有输出。";
    OutputGone: "Its output isn't kept.", "输出没有保留。";
    OutputDropped: "{} lines before these", "前面还有 {} 行";
    ShellHere: "Shell in it as the step left it", "进入这一步留下的文件系统";
    ShellStep: "Shell", "进入";
    ExitCode: "exit code {}", "退出码 {}";

    // stages
    Stages: "Stages", "阶段";
    StagesNone: "No stage yet: begin with FROM.", "还没有阶段：以 FROM 开始。";
    StageSteps: "{} steps", "{} 步";
    StageTarget: "target", "目标";
    StageUnneeded: "not needed", "用不到";
    StageImage: "image", "镜像";
    StageNumber: "stage {}", "阶段 {}";

    // history and time travel
    Builds: "Builds", "构建记录";
    BuildsNone: "No build yet.", "还没有构建。";
    BuildsOfClients: "Built by docker build", "由 docker build 构建";
    BuildToWorkshop: "To a workshop", "放进工坊";
    ColumnSteps: "Steps", "步骤";
    BuildCachedOf: "{} of {} cached", "{} / {} 命中缓存";
    BuildSucceeded: "built", "成功";
    BuildFailedShort: "failed", "失败";
    BuildRunningShort: "running", "进行中";
    ChangesSince: "What changed since the other build ({})", "相对另一次构建（{}）的变化";
    ChangesNothing: "Nothing: the same text, files and arguments.", "没有：文本、文件、参数都相同。";
    ChangesText: "Dockerfile", "Dockerfile";
    ChangesFiles: "Files", "文件";
    ChangesArgs: "Arguments", "参数";
    ChangesBases: "Bases", "基础镜像";
    ChangesTarget: "Target", "目标";
    ChangesUnknown: "Too many files to remember.", "文件太多，没有记录。";
    ChangesFirst: "There is no build before it.", "之前没有构建。";
    ChangeNone: "none", "无";
    ChangeFileAdded: "added", "新增";
    ChangeFileRemoved: "removed", "移除";
    ChangeFileKind: "another kind", "类型变了";
    StepsOf: "Steps", "步骤";
    TravelTo: "Step {} of {}", "第 {} / {} 步";
    TravelTree: "Files after this step", "这一步之后的文件";
    TravelDiff: "What it changed", "它改了什么";
    TravelCompare: "Compare with the step before", "与前一步比较";
    TravelNothing: "It changed no file.", "它没有改动文件。";
    TravelGone: "Its image is gone: build again.", "它的镜像已不在：请重新构建。";
    TravelBranch: "Branch from here", "从这里分叉";
    TravelBranchHow: "A new workshop with the files of then and the Dockerfile up to this line.",
        "新建一个工坊：当时的文件，Dockerfile 到这一行为止。";
    TravelBack: "All steps", "全部步骤";
    TravelEarlier: "The step before", "上一步";
    TravelLater: "The next step", "下一步";
    TravelMore: "and {} more", "还有 {} 个";

    // surgery
    SurgeryAbout: "Makes another image; this one stays.", "产生另一个镜像；原来的不变。";
    SurgerySquash: "Squash layers", "合并几层";
    SurgeryDrop: "Drop a layer", "去掉一层";
    SurgeryRebase: "Put on another base", "换基础镜像";
    SurgeryFrom: "from layer", "从第几层";
    SurgeryTo: "to layer", "到第几层";
    SurgeryLayer: "layer", "层";
    SurgeryBase: "the old base ends with layer", "旧基础到第几层为止";
    SurgeryOnto: "new base", "新基础镜像";
    SurgeryName: "name of the outcome", "结果的名字";
    SurgeryPlan: "See what comes of it", "看看会怎样";
    SurgeryDo: "Make the image", "生成镜像";
    SurgeryNoLayers: "The image has too few layers for that.", "镜像的层太少。";
    SurgeryRange: "A squash takes at least two layers, the lower one first.", "合并至少需要两层，低的在前。";
    SurgeryNoOnto: "Name the new base.", "请填写新的基础镜像。";
    SurgeryLayersBefore: "{} layers become {}", "{} 层变成 {} 层";
    SurgeryBytes: "{} become {}", "{} 变成 {}";
    SurgeryOverridden: "{} paths to look at before", "先看看这 {} 个路径";
    SurgeryDockerfile: "What it means for the Dockerfile", "对 Dockerfile 意味着什么";
    SurgeryRewrite: "Lines that would build the same", "能构建出同样结果的写法";
    SurgerySettings: "Settings of the new base that aren't taken over", "没有沿用的新基础设置";
    SurgeryDependents: "{} things need what goes", "{} 处依赖要去掉的内容";
    SurgeryForce: "Do it all the same", "仍然执行";
    NeedDirectory: "in directory {}", "位于目录 {}";
    NeedLink: "a link to {}", "链接到 {}";
    NeedSetting: "starts with {}", "以 {} 启动";
    OverrideReplacesOther: "replaced here; the new base's differs from the old one's", "此处已替换；新旧基础里的版本不同";
    OverrideReplacesNew: "replaced here; only the new base has it", "此处已替换；只有新基础有它";
    OverrideDeletesOther: "deleted here; the new base's differs", "此处已删除；新基础里的版本不同";
    OverrideDeletesNothing: "deleted here; the new base doesn't have it", "此处已删除；新基础本来就没有";
    OverrideParentMissing: "its directory is not in the new base", "新基础里没有它的目录";
    OverrideLostBelow: "gone below, still changed above", "下面没有了，上面还在改它";
    OverrideComesBack: "comes back", "重新出现";
    OverrideGone: "gone", "消失";
    FateKept: "kept", "保留";
    FateEmptied: "empty row", "变成空行";
    FateSquashed: "squashed into one", "合并成一层";
    FateRemoved: "removed", "去掉";
    FateNew: "new base", "新基础";
}
