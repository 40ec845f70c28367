using System.Diagnostics;

namespace SentinelCam.Tests.Support;

/// <summary>A D-Bus of this test's own.</summary>
public sealed class PrivateBus : IDisposable
{
    private const string Configuration = """
        <busconfig>
          <type>session</type>
          <listen>unix:dir=/tmp</listen>
          <auth>EXTERNAL</auth>
          <policy context="default">
            <allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/>
            <allow own="*"/>
          </policy>
        </busconfig>
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-bus-").FullName;
    private readonly Process _daemon;

    private PrivateBus()
    {
        var configuration = Path.Combine(_directory, "bus.conf");
        File.WriteAllText(configuration, Configuration);
        _daemon = Process.Start(new ProcessStartInfo(
            "dbus-daemon", ["--config-file=" + configuration, "--nofork", "--nopidfile", "--print-address=1"])
        {
            RedirectStandardOutput = true,
        })!;
        Address = _daemon.StandardOutput.ReadLine() ?? throw new InvalidOperationException("dbus-daemon did not start");
    }

    /// <summary>Where it listens.</summary>
    public string Address { get; }

    /// <summary>Starts a bus, or skips the test if there is no <c>dbus-daemon</c>.</summary>
    public static PrivateBus Start()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dbus-daemon"), "dbus-daemon is not installed");
        return new();
    }

    public void Dispose()
    {
        if (!Directory.Exists(_directory))
            return;
        _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
