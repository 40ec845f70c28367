namespace SentinelCam.Tests.Support;

/// <summary>A sandbox that a class of tests shares, in which SentinelCam was installed by its own command.</summary>
public sealed class InstalledDevice : IDisposable
{
    private DeviceSandbox? _sandbox;

    /// <summary>The sandbox, with an empty spool. Skips the test if there can be none.</summary>
    public async Task<DeviceSandbox> OpenAsync()
    {
        if (_sandbox is null)
        {
            _sandbox = DeviceSandbox.Create();
            var install = await _sandbox.SentinelCamAsync("device", "install");
            Assert.True(install.ExitCode == 0, install.ToString());
        }

        await _sandbox.EmptySpoolAsync();
        return _sandbox;
    }

    public void Dispose() => _sandbox?.Dispose();
}
