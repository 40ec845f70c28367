using System.Diagnostics;
using System.Text.RegularExpressions;
using SentinelCam.Service;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Service;

/// <summary>Debian's package: installed, used, upgraded, removed and purged, with a systemd and without.</summary>
public sealed class PackageTests(BuiltPackage package) : IClassFixture<BuiltPackage>
{
    private const string Install = "apt-get install -y -q --no-install-recommends ";

    /// <summary>
    /// A browser from another machine: <c>get PATH</c>, and <c>send PATH FIELDS</c>, which prints the status and where it leads.
    /// </summary>
    private const string Browser = """
        site=http://localhost:5000
        far='X-Forwarded-For: 203.0.113.9'
        get() { curl -sS -b /run/jar -c /run/jar -H "$far" "$site$1"; }
        send() {
            path=$1 && shift
            token=$(get "$path" | sed -n 's/.*name="__RequestVerificationToken"[^>]*value="\([^"]*\)".*/\1/p' | head -n 1)
            fields=()
            for field; do fields+=(--data-urlencode "$field"); done
            curl -sS -o /dev/null -w '%{http_code} %{redirect_url}\n' -b /run/jar -c /run/jar -H "$far" \
                --data-urlencode "__RequestVerificationToken=$token" "${fields[@]}" "$site$path"
        }

        """;

    [Fact]
    public async Task Package_is_installed_used_upgraded_removed_and_purged()
    {
        using var machine = await Machine.StartAsync(hasSystemd: true);
        var old = await package.OlderAsync();

        var said = await machine.ShellAsync(Install + old);

        Assert.Contains("http://localhost:5000", said, StringComparison.Ordinal);
        var code = Regex.Match(said, "([A-Z0-9]{4}-){2}[A-Z0-9]{4}").Value;
        Assert.NotEqual("", code);
        Assert.Equal("active\nenabled\n",
            await machine.ShellAsync("systemctl is-active sentinelcam; systemctl is-enabled sentinelcam"));
        Assert.Equal(
            "640 root:sentinelcam /etc/sentinelcam/sentinelcam.conf\n700 sentinelcam:sentinelcam /var/lib/sentinelcam\n",
            await machine.ShellAsync("stat -c '%a %U:%G %n' /etc/sentinelcam/sentinelcam.conf /var/lib/sentinelcam"));
        Assert.Matches(@"(?m)^Uid:\s+(\d+)\s+\1\s+\1\s+\1$[\s\S]*^CapEff:\s+0+$[\s\S]*^NoNewPrivs:\s+1$[\s\S]*^Seccomp:\s+2$",
            await machine.ShellAsync("cat /proc/$(systemctl show -p MainPID --value sentinelcam)/status"));
        Assert.Contains("video", await machine.ShellAsync("id -nG sentinelcam"), StringComparison.Ordinal);

        // An administrator's own setting
        await machine.ShellAsync("""
            sed -i 's/^#Camera__Source=.*/Camera__Source=demo/' /etc/sentinelcam/sentinelcam.conf
            systemctl restart sentinelcam
            """);
        code = Regex.Match(await machine.ShellAsync("SentinelCam service status"), "([A-Z0-9]{4}-){2}[A-Z0-9]{4}").Value;
        Assert.Equal("200 \n302 http://localhost:5000/dashboard\n", await machine.ShellAsync(Browser + $"""
            ann=(UserName=Ann Email=ann@example.org 'Password=correct horse battery')
            send /register SetupCode=AAAA-AAAA-AAAA "${"{ann[@]}"}"
            send /register SetupCode={code} "${"{ann[@]}"}"
            """));
        await machine.ShellAsync(Browser + """
            rm /run/jar
            send /login Email=ann@example.org Password=wrong
            for _ in $(seq 300); do
                [ -z "$(find /var/lib/sentinelcam/outbox -name '*.eml')" ] || break
                sleep 0.1
            done
            grep -l 'Content-Type: image/jpeg' /var/lib/sentinelcam/outbox/*.eml
            SentinelCam check
            """);

        said = await machine.ShellAsync(Install + await package.PathAsync());

        Assert.DoesNotContain("set-up code", said, StringComparison.Ordinal);
        Assert.Equal(
            "active\nCamera__Source=demo\n302 http://localhost:5000/dashboard\n",
            await machine.ShellAsync(Browser + """
                systemctl is-active sentinelcam
                grep ^Camera /etc/sentinelcam/sentinelcam.conf
                send /login Email=ann@example.org 'Password=correct horse battery'
                dpkg-query -W -f '${Version}' sentinelcam | { ! grep -qx 0.0.1; }
                """));

        await machine.ShellAsync("""
            apt-get remove -y -q sentinelcam
            ! systemctl is-active -q sentinelcam
            ! [ -e /usr/lib/sentinelcam ] && ! [ -e /usr/bin/SentinelCam ]
            test -s /var/lib/sentinelcam/sentinelcam.db && test -s /etc/sentinelcam/sentinelcam.conf
            """);

        await machine.ShellAsync("apt-get purge -y -q sentinelcam </dev/null");

        Assert.Equal("", await machine.ShellAsync("""
            find /etc /opt /usr /var/lib /var/spool -iname '*sentinelcam*' -not -path '/usr/share/*' -not -path '/usr/src/*' |
                grep -v -e /usr/local -e /var/lib/apt || true
            grep sentinelcam /etc/passwd /etc/group || true
            """));
    }

    [Fact]
    public async Task Without_systemd_and_without_OpenCV_the_package_works_and_leaves_nothing_behind()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        using var machine = await Machine.StartAsync(hasSystemd: false);

        await machine.ShellAsync(Install + await package.PathAsync());
        // As on a machine for which OpenCV has no library
        var check = await machine.ShellAsync("""
            rm /usr/lib/sentinelcam/libOpenCvSharpExtern.so
            ffmpeg -loglevel error -f lavfi -i testsrc2=size=320x240:rate=20:duration=0.5 -c:v mjpeg /var/clip.avi
            SentinelCam run >/run/said 2>&1 &
            until curl -fs -o /run/health http://localhost:5000/healthz; do sleep 0.2; done
            cat /run/health
            stat -c %U /proc/$(pidof SentinelCam)
            kill $(pidof SentinelCam) && wait
            # Without a command, too
            SentinelCam --Urls=http://localhost:5001 >/run/said 2>&1 &
            until curl -fs -o /run/health http://localhost:5001/healthz; do sleep 0.2; done
            stat -c %U /proc/$(pidof SentinelCam)
            kill $(pidof SentinelCam) && wait
            # The path can be relative
            cd /run
            SentinelCam backup own.zip >/run/said
            chown sentinelcam own.zip
            install -d -o sentinelcam -g sentinelcam -m 700 /var/restored
            DataDirectory=/var/restored SentinelCam restore own.zip >/run/said
            stat -c %U /var/restored/sentinelcam.db
            # Blanks, and a line that systemd ignores
            printf '%s\n' 'Camera__Source = /var/clip.avi ' 'not a key=1' >>/etc/sentinelcam/sentinelcam.conf
            SentinelCam check
            """);

        Assert.StartsWith("healthy\nsentinelcam\nsentinelcam\nsentinelcam\n", check, StringComparison.Ordinal);
        Assert.Contains("Camera:        a picture of 320x240 from /var/clip.avi", check, StringComparison.Ordinal);
        await machine.ShellAsync(
            "apt-get purge -y -q sentinelcam && ! [ -e /var/lib/sentinelcam ] && ! getent passwd sentinelcam");
    }

    [Fact]
    public async Task In_its_sandbox_the_service_uses_ffmpeg_and_a_mail_server_and_is_started_again_when_it_hangs()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "ffmpeg is not installed");
        using var machine = await Machine.StartAsync(hasSystemd: true);
        await machine.ShellAsync($"""
            {Install}{await package.PathAsync()}
            rm /usr/lib/sentinelcam/libOpenCvSharpExtern.so
            ffmpeg -loglevel error -f lavfi -i testsrc2=size=320x240:rate=20:duration=5 -c:v mjpeg /var/clip.avi
            mkdir -p /run/systemd/system/sentinelcam.service.d
            printf '[Service]\nWatchdogSec=6s\nRestartSec=100ms\n' >/run/systemd/system/sentinelcam.service.d/soon.conf
            printf '%s\n' Camera__Source=/var/clip.avi Smtp__Host=127.0.0.1 Smtp__Port=2525 Smtp__Security=None \
                Smtp__From=cam@example.org >>/etc/sentinelcam/sentinelcam.conf
            setsid /usr/bin/python3 -W ignore -u -m smtpd -n -c DebuggingServer 127.0.0.1:2525 >/run/mails 2>&1 </dev/null &
            systemctl daemon-reload
            systemctl restart sentinelcam
            """);
        var code = Regex.Match(await machine.ShellAsync("SentinelCam service status"), "([A-Z0-9]{4}-){2}[A-Z0-9]{4}").Value;

        await machine.ShellAsync(Browser + $"""
            send /register SetupCode={code} UserName=Ann Email=ann@example.org 'Password=correct horse battery'
            rm /run/jar
            send /login Email=ann@example.org Password=wrong
            for _ in $(seq 300); do
                ! grep -q 'Content-Type: image/jpeg' /run/mails || break
                sleep 0.1
            done
            grep -q 'Content-Type: image/jpeg' /run/mails
            grep -q 'X-Peer: 127.0.0.1' /run/mails
            """);

        // A program that is stopped answers nobody, itself included
        var again = await machine.ShellAsync("""
            hung=$(systemctl show -p MainPID --value sentinelcam)
            kill -STOP "$hung"
            for _ in $(seq 300); do
                [ "$(systemctl show -p MainPID --value sentinelcam)" = "$hung" ] || ! systemctl is-active -q sentinelcam || break
                sleep 0.2
            done
            curl -fsS http://localhost:5000/healthz
            journalctl -u sentinelcam -o cat | grep -c -m 1 'Watchdog timeout'
            """);
        Assert.Equal("healthy\n1\n", again);
    }

    [Fact]
    public async Task Published_folder_becomes_the_same_service()
    {
        using var machine = await Machine.StartAsync(hasSystemd: true);
        await machine.ShellAsync($"""
            dpkg-deb -x {await package.PathAsync()} /opt/unpacked
            cp -a /opt/unpacked/usr/lib/sentinelcam /opt/sentinelcam
            """);
        const string Program = "/opt/sentinelcam/SentinelCam service ";

        var none = await machine.TryAsync(Program + "status");
        Assert.Equal((1, "The service is not installed. Run: sudo SentinelCam service install\n"), (none.ExitCode, none.Errors));
        Assert.Equal(1, (await machine.TryAsync("setpriv --reuid=nobody --clear-groups " + Program + "install")).ExitCode);

        // A removed package leaves such a link, to /dev/null
        var install = await machine.ShellAsync(
            "touch /run/masked; ln -s /run/masked /etc/systemd/system/sentinelcam.service; " + Program + "install");

        Assert.Equal("0\n", await machine.ShellAsync("stat -c %s /run/masked"));
        Assert.Contains("Address:  http://localhost:5000\n", install, StringComparison.Ordinal);
        Assert.Matches("([A-Z0-9]{4}-){2}[A-Z0-9]{4}", install);
        await machine.ShellAsync($"""
            cmp <(sed 's,/usr/lib/sentinelcam,/opt/sentinelcam,' /opt/unpacked/lib/systemd/system/sentinelcam.service) \
                /etc/systemd/system/sentinelcam.service
            cmp /opt/unpacked/etc/sentinelcam/sentinelcam.conf /etc/sentinelcam/sentinelcam.conf
            [ "$(stat -c '%a %U:%G' /etc/sentinelcam/sentinelcam.conf)" = '640 root:sentinelcam' ]
            [ "$(stat -c '%a %U:%G' /var/lib/sentinelcam)" = '700 sentinelcam:sentinelcam' ]
            curl -fsS http://localhost:5000/healthz
            echo Camera__Source=demo >>/etc/sentinelcam/sentinelcam.conf
            {Program}install
            tail -n 1 /etc/sentinelcam/sentinelcam.conf | grep -x Camera__Source=demo
            {Program}status
            {Program}remove
            ! systemctl is-active -q sentinelcam
            [ ! -e /etc/systemd/system/sentinelcam.service ] && [ -s /var/lib/sentinelcam/sentinelcam.db ]
            """);
        Assert.Equal(1, (await machine.TryAsync(Program + "status")).ExitCode);
    }

    [Fact]
    public async Task Unit_is_valid_and_keeps_the_service_in_a_sandbox()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "systemd is not installed");
        var folder = Directory.CreateTempSubdirectory("sentinelcam-test-");
        var unit = Path.Combine(folder.FullName, "sentinelcam.service");
        // It exists on every machine
        await File.WriteAllTextAsync(unit, ServiceFiles.Unit("/bin")
            .Replace("/bin/SentinelCam", "/bin/true", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var verify = await AnalyzeAsync("verify", "--man=no", unit);
        // In tenths
        var security = await AnalyzeAsync("security", "--offline=true", "--threshold=20", "--no-pager", unit);
        folder.Delete(recursive: true);

        Assert.True(verify is (0, ""), verify.Said);
        Assert.True(security.ExitCode == 0, security.Said);
    }

    [Fact]
    public async Task Package_has_no_errors()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/lintian"), "lintian is not installed");
        using var lintian = Process.Start(new ProcessStartInfo(
            "lintian", ["--allow-root", "--fail-on", "error,warning", await package.PathAsync()])
        {
            RedirectStandardOutput = true,
        })!;
        var said = await lintian.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await lintian.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(lintian.ExitCode == 0, said);
    }

    private static async Task<(int ExitCode, string Said)> AnalyzeAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("systemd-analyze", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
