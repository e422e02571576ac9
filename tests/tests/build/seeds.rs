//! The builds of the documents that this has to make true.

use strata_tests::run;

use crate::scene::{build, context, scene};

#[test]
fn the_dockerfile_with_every_instruction_builds_and_its_child_runs_the_triggers() {
    let Some(scene) = scene() else { return };
    let client = scene.client();
    // As it stands there, but for the base and what needs a network.
    let text = "# Version::1.0.1\nFROM  bb:latest\n\nMAINTAINER xxh \"xxh@qq.com\"\n\n#设置root用户为后续命令的执行者\nUSER root\n\n\
        #执行操作\nRUN true\n\n#使用&&拼接命令\nRUN touch test.txt && echo \"abc\" >> abc.txt\n\n#对外暴露端口\nEXPOSE 80 8080 1038\n\n\
        #添加文件\nADD abc.txt /opt/\n\n#添加文件夹\nADD /webapp  /opt/webapp\n\n#设置环境变量\nENV WEBAPP_POST=9090\n\n\
        #设置工作目录\nWORKDIR /opt/\n\n#设置启动命令\nENTRYPOINT [\"ls\"]\n\n#设置启动参数\nCMD [\"-a\",\"-l\"]\n\n#设置卷\nVOLUME [\"/data\",\"/var/www\"]\n\n\
        #设置子镜像的触发操作\nONBUILD ADD . /app/src\nONBUILD RUN echo \"on build excuted\" >> onbuild.txt\n";
    let files = context(&[("Dockerfile", text), ("abc.txt", "abc\n"), ("webapp/index.html", "hello\n")]);
    let first = build(&client, files.path(), &["-t", "xiexie/test:v1", "-t", "xiexie/test:v2"]).ok();
    for line in [
        "Step 1/15 : FROM  bb:latest",
        " ---> Running in ",
        "Removing intermediate container ",
        "Successfully tagged xiexie/test:v2",
    ] {
        assert!(first.stdout.contains(line), "{line}: {first}");
    }
    let again = build(&client, files.path(), &["-t", "xiexie/test:v1"]).ok();
    assert_eq!(again.stdout.matches(" ---> Using cache").count(), 14, "{again}");
    let anew = build(&client, files.path(), &["--no-cache=true", "-t", "xiexie/test:v1"]).ok();
    assert!(!anew.stdout.contains("Using cache"), "{anew}");
    let listed = run(&mut client.command(&["run", "--rm", "--network", "none", "xiexie/test:v2"])).ok();
    assert!(listed.stdout.contains("webapp") && listed.stdout.contains("abc.txt"), "{listed}");
    let child = context(&[("Dockerfile", "FROM xiexie/test:v1\n"), ("src.c", "int x;\n")]);
    let built = build(&client, child.path(), &["-t", "xiexie/child"]).ok();
    assert!(built.stdout.contains("# Executing 2 build triggers"), "{built}");
    let found = run(&mut client.command(&[
        "run",
        "--rm",
        "--network",
        "none",
        "--entrypoint",
        "cat",
        "xiexie/child",
        "onbuild.txt",
        "/app/src/src.c",
    ]))
    .ok();
    assert!(found.stdout.contains("on build excuted") && found.stdout.contains("int x;"), "{found}");
}
