namespace SentinelCam.Tests.Support;

/// <summary>A screen and a keyboard in a sandbox: Xvfb and xdotool.</summary>
public sealed class SandboxScreen
{
    private readonly DeviceSandbox _sandbox;
    private readonly string[] _environment;

    /// <param name="sandbox">The sandbox.</param>
    /// <param name="display">The display, such as <c>:7</c>.</param>
    /// <param name="authority">The file with the key to the display, if it needs one.</param>
    public SandboxScreen(DeviceSandbox sandbox, string display, string authority = "/dev/null")
    {
        _sandbox = sandbox;
        Display = display;
        _environment = ["DISPLAY=" + display, "XAUTHORITY=" + authority];
    }

    /// <summary>The display.</summary>
    public string Display { get; }

    /// <summary>Starts a screen that every user can use.</summary>
    public static async Task<SandboxScreen> StartAsync(DeviceSandbox sandbox)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        var server = sandbox.StartServer("""
            Xvfb -displayfd 3 -screen 0 640x480x24 -nolisten tcp -ac -noreset 3>&1 >/dev/null | {
                read -r number
                echo display $number
                cat
            }
            """);
        return new(sandbox, ":" + (await server.WaitForAsync("display "))["display ".Length..]);
    }

    /// <summary>Locks the screen as a user, and returns when it is locked.</summary>
    public async Task LockAsync(string user)
    {
        // A part of i3lock stays, and would keep the pipes of this process open
        var result = await _sandbox.RunAsync(
            null, "bash", "-c", "\"$@\" &>/dev/null", "i3lock", "runuser", "-u", user, "--", "env", _environment[0], "i3lock");
        Assert.Equal(0, result.ExitCode);
    }

    /// <summary>Types a text and Return.</summary>
    /// <param name="text">The text.</param>
    /// <param name="replace">Whether to replace what a text field already has.</param>
    public async Task TypeAsync(string text, bool replace = false)
    {
        List<string[]> steps = [["type", "--delay", "1", text], ["key", "Return"]];
        if (replace)
            steps.Insert(0, ["key", "ctrl+a"]);
        foreach (var arguments in steps)
        {
            var result = await _sandbox.RunAsync(null, "env", [.. _environment, "xdotool", .. arguments]);
            Assert.True(result.ExitCode == 0, result.ToString());
        }
    }
}
