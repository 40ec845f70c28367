using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using SentinelCam.Data;
using SentinelCam.Device;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Device;

/// <summary>Whether a log-in happened at the device or over the network.</summary>
public sealed class SessionPlacesTests
{
    // Stands still, so that a busy machine does not run out of time
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData("sudo", "pts/0", "7", "203.0.113.9")]
    [InlineData("su", "/dev/pts/0", "7", "203.0.113.9")]
    // Without a terminal, as in: ssh desk sudo -S reboot
    [InlineData("sudo", "", "7", "203.0.113.9")]
    // A remote session of unknown origin
    [InlineData("sudo", "pts/0", "8", "")]
    // A session at the device, one that is not known, and none
    [InlineData("sudo", "pts/0", "2", null)]
    [InlineData("sudo", "pts/0", "99", null)]
    [InlineData("sudo", "pts/0", "4294967295", null)]
    [InlineData("sudo", "pts/0", "", null)]
    [InlineData("sudo", "pts/0", "7;", null)]
    // A screen and a console are at the device
    [InlineData("i3lock", ":0", "7", null)]
    [InlineData("login", "tty1", "7", null)]
    public async Task Session_of_the_program_tells_where_it_happened(
        string service, string terminal, string session, string? host)
    {
        using var bus = PrivateBus.Start();
        using var logind = await FakeLogind.StartAsync(bus);
        logind.Set("2", new FakeSession());
        logind.Set("7", new FakeSession("203.0.113.9"));
        logind.Set("8", new FakeSession(""));

        Assert.Equal(host, await Places(bus.Address).RemoteHostAsync(Event(service, terminal, session)));
    }

    [Fact]
    public async Task Without_a_log_in_manager_it_happened_at_the_device()
    {
        using var bus = PrivateBus.Start();
        var happened = Event("sudo", "pts/0", "7");

        Assert.Null(await Places(bus.Address).RemoteHostAsync(happened));
        Assert.Null(await Places("unix:path=/nonexistent/socket").RemoteHostAsync(happened));
        Assert.Null(await Places(null).RemoteHostAsync(happened));
    }

    [Fact]
    public async Task Bus_that_does_not_answer_is_waited_for_a_second()
    {
        var directory = Directory.CreateTempSubdirectory("sentinelcam-bus-");
        try
        {
            var path = Path.Combine(directory.FullName, "bus");
            using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            silent.Bind(new UnixDomainSocketEndPoint(path));
            silent.Listen();
            var asked = Places("unix:path=" + path).RemoteHostAsync(Event("sudo", "pts/0", "7")).AsTask();

            // Once it waits for the bus
            using var connection = await silent.AcceptAsync(TestContext.Current.CancellationToken);
            Assert.False(asked.IsCompleted);
            await Eventually.TrueAsync(() =>
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                return asked.IsCompleted;
            });
            Assert.Null(await asked);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("sshd", "203.0.113.9", "203.0.113.9")]
    [InlineData("sshd", "", "")]
    [InlineData(DeviceServices.WindowsRemote, "203.0.113.9", "203.0.113.9")]
    [InlineData(DeviceServices.WindowsLogIn, "", null)]
    [InlineData("lightdm", "localhost", null)]
    [InlineData("lightdm", "::1", null)]
    [InlineData("login", "203.0.113.9", "203.0.113.9")]
    public async Task Service_and_address_tell_where_it_happened(string service, string address, string? host) =>
        Assert.Equal(host, await Places(null).RemoteHostAsync(Event(service, "", "") with { RemoteHost = address }));

    private SessionPlaces Places(string? address) => new(new Logind(address, _clock));

    private static DeviceEvent Event(string service, string terminal, string session) => new()
    {
        Key = "test:1",
        At = TestClock.Noon,
        IsAccepted = false,
        Service = service,
        User = "ann",
        Terminal = terminal,
        Session = session,
    };
}
