//! What instructions and flags are for, in both languages: for hovering and completing.

use strata_dockerfile::Keyword;

use crate::words::Lang;

/// A page about an instruction or a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How it is written.
    pub syntax: &'static str,
    en: &'static str,
    zh: &'static str,
}

impl Page {
    /// What it is for.
    pub fn text(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }

    /// The arguments alone.
    pub fn syntax_short(&self) -> &'static str {
        self.syntax.split_once(' ').map_or("", |(_, arguments)| arguments)
    }
}

const fn page(syntax: &'static str, en: &'static str, zh: &'static str) -> Page {
    Page { syntax, en, zh }
}

/// The page about an instruction.
pub fn keyword(keyword: Keyword) -> Page {
    match keyword {
        Keyword::Add => page(
            "ADD [--chown=…] [--chmod=…] SOURCE… TARGET",
            "Copies files, unpacks local tars, fetches URLs. Makes a layer. For plain files COPY says more clearly what happens.",
            "复制文件、展开本地 tar、下载 URL。产生一层。只复制文件时用 COPY 更明白。",
        ),
        Keyword::Arg => page(
            "ARG NAME[=DEFAULT]",
            "Declares a build argument: `--build-arg NAME=…` sets it. Makes no layer, but RUN steps below it run again when its value changes.",
            "声明构建参数，用 `--build-arg NAME=…` 赋值。不产生层，但它的值变了，下面的 RUN 都要重跑。",
        ),
        Keyword::Cmd => page(
            "CMD [\"program\", \"argument\"…]",
            "What a container starts with unless told otherwise; with an ENTRYPOINT, its arguments. Only the last one counts. Makes no layer.",
            "容器默认启动的命令；有 ENTRYPOINT 时是它的参数。只有最后一条生效。不产生层。",
        ),
        Keyword::Copy => page(
            "COPY [--from=STAGE] [--chown=…] SOURCE… TARGET",
            "Copies files of the context or of another stage. Makes a layer. Cached as long as the copied content, modes and owners stay the same; times don't matter.",
            "复制上下文或其他阶段里的文件。产生一层。内容、权限、属主不变就命中缓存；时间戳不算。",
        ),
        Keyword::Entrypoint => page(
            "ENTRYPOINT [\"program\", \"argument\"…]",
            "The program of the container; what `docker run` is given behind the image are its arguments. Makes no layer.",
            "容器的程序；`docker run` 镜像名后面的内容是它的参数。不产生层。",
        ),
        Keyword::Env => page(
            "ENV NAME=VALUE…",
            "Sets environment variables for the steps below and for containers. Makes no layer.",
            "为后面的步骤和容器设置环境变量。不产生层。",
        ),
        Keyword::Expose => page(
            "EXPOSE PORT[/tcp|udp]…",
            "Says which ports the program listens on; publishes nothing by itself (`docker run -P` does). Makes no layer.",
            "说明程序监听哪些端口；本身不发布端口（`docker run -P` 才会）。不产生层。",
        ),
        Keyword::From => page(
            "FROM [--platform=…] IMAGE [AS NAME]",
            "Begins a stage on an image, on another stage or on nothing (`scratch`). Its layers are the lowest of the result.",
            "以某个镜像、另一个阶段或空（`scratch`）开始一个阶段。它的层在结果的最下面。",
        ),
        Keyword::Healthcheck => page(
            "HEALTHCHECK [--interval=…] CMD … | NONE",
            "How to see whether the container is healthy: exit code 0 is healthy, 1 is not. Makes no layer.",
            "如何判断容器健康：退出码 0 健康，1 不健康。不产生层。",
        ),
        Keyword::Label => page(
            "LABEL NAME=VALUE…",
            "Notes about the image, such as org.opencontainers.image.source. Makes no layer.",
            "镜像的说明，例如 org.opencontainers.image.source。不产生层。",
        ),
        Keyword::Maintainer => page(
            "MAINTAINER NAME",
            "Who made the image. Outdated: use LABEL org.opencontainers.image.authors.",
            "镜像作者。已过时：请用 LABEL org.opencontainers.image.authors。",
        ),
        Keyword::Onbuild => page(
            "ONBUILD INSTRUCTION",
            "Writes an instruction down for images built on this one: it runs right after their FROM. Makes no layer here.",
            "记下一条指令，留给以本镜像为基础的构建：在它们的 FROM 之后执行。此处不产生层。",
        ),
        Keyword::Run => page(
            "RUN [--mount=…] COMMAND",
            "Runs a command and keeps what it changed as a layer. What a later RUN deletes still ships in this layer. Cached by the line's text: the network isn't looked at.",
            "执行命令，把改动存成一层。后面的 RUN 删掉的文件仍留在这一层里。按这一行的文字缓存：不看网络上有没有变化。",
        ),
        Keyword::Shell => page(
            "SHELL [\"program\", \"argument\"…]",
            "The shell of the shell forms below it. Makes no layer.",
            "后面 shell 形式所用的 shell。不产生层。",
        ),
        Keyword::Stopsignal => page(
            "STOPSIGNAL SIGNAL",
            "The signal that `docker stop` sends first. Makes no layer.",
            "`docker stop` 首先发送的信号。不产生层。",
        ),
        Keyword::User => page(
            "USER NAME[:GROUP]",
            "Who runs the steps below and the container. Makes no layer.",
            "后面的步骤和容器以谁的身份运行。不产生层。",
        ),
        Keyword::Volume => page(
            "VOLUME PATH…",
            "Containers get a volume there of their own; what later steps change below it may be lost. Makes no layer.",
            "容器在该路径得到自己的卷；之后的步骤对其下内容的修改可能丢失。不产生层。",
        ),
        Keyword::Workdir => page(
            "WORKDIR PATH",
            "The directory that steps below and the container begin in; it is made if it isn't there, which makes a layer.",
            "后面的步骤和容器的起始目录；不存在就会创建，那会产生一层。",
        ),
    }
}

/// The page about a flag of an instruction.
pub fn flag(keyword: Keyword, name: &str) -> Option<Page> {
    if !keyword.flags().contains(&name) {
        return None;
    }
    Some(match name {
        "from" => page(
            "--from=STAGE|IMAGE",
            "Takes the files from a stage (by name or number) or from an image instead of the context.",
            "从某个阶段（名字或序号）或镜像复制，而不是上下文。",
        ),
        "chown" => page(
            "--chown=USER[:GROUP]",
            "Owner of what is copied; names are looked up in the image.",
            "复制结果的属主；名字在镜像里查。",
        ),
        "chmod" => page("--chmod=MODE", "Mode of what is copied, such as 755.", "复制结果的权限，例如 755。"),
        "link" => page(
            "--link",
            "Copies into a layer of its own that doesn't look at what is below.",
            "复制到独立的一层，不依赖下面的内容。",
        ),
        "parents" => page("--parents", "Keeps the directories of the sources.", "保留源路径的目录层次。"),
        "exclude" => page("--exclude=PATTERN", "Leaves out what matches.", "排除匹配的文件。"),
        "platform" => {
            page("--platform=OS/ARCH", "Takes the image for another platform.", "使用另一个平台的镜像。")
        }
        "mount" => page(
            "--mount=type=cache|bind|tmpfs|secret,…",
            "Something that is there while the command runs and not in the layer: a cache that stays, files of another stage, a secret.",
            "命令执行期间可用、但不进入层的内容：可保留的缓存、其他阶段的文件、机密。",
        ),
        "network" => page("--network=default|none|host", "The network of this step.", "这一步使用的网络。"),
        "security" => {
            page("--security=sandbox|insecure", "Whether the step is confined.", "这一步是否受限。")
        }
        "checksum" => {
            page("--checksum=sha256:…", "Refuses a download that is something else.", "下载内容不符则拒绝。")
        }
        "keep-git-dir" => {
            page("--keep-git-dir", "Keeps .git of a repository that is added.", "保留所添加仓库的 .git。")
        }
        "unpack" => page("--unpack=true|false", "Whether tars are unpacked.", "是否展开 tar。"),
        "interval" => page("--interval=30s", "Time between two probes.", "两次检查的间隔。"),
        "timeout" => page("--timeout=30s", "How long a probe may take.", "一次检查的时限。"),
        "start-period" => page(
            "--start-period=0s",
            "How long failures don't count after the start.",
            "启动后多长时间内失败不计。",
        ),
        "start-interval" => {
            page("--start-interval=5s", "Time between probes in the start period.", "启动阶段的检查间隔。")
        }
        "retries" => {
            page("--retries=3", "How many failures in a row make it unhealthy.", "连续失败几次算不健康。")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_and_flag_has_a_page() {
        for kind in Keyword::ALL {
            let about = keyword(kind);
            assert!(about.syntax.starts_with(kind.name()));
            assert!(!about.text(Lang::En).is_empty() && !about.text(Lang::Zh).is_empty());
            for name in kind.flags() {
                assert!(flag(kind, name).is_some(), "--{name} of {kind:?}");
            }
        }
        assert_eq!(flag(Keyword::Run, "from"), None);
    }
}
