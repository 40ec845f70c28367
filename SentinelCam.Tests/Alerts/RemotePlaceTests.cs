using SentinelCam.Alerts;

namespace SentinelCam.Tests.Alerts;

public sealed class RemotePlaceTests
{
    [Theory]
    [InlineData("127.0.0.1", "this machine (127.0.0.1)")]
    [InlineData("::1", "this machine (::1)")]
    [InlineData("::ffff:127.0.0.1", "this machine (::ffff:127.0.0.1)")]
    [InlineData("192.168.1.20", "the local network (192.168.1.20)")]
    [InlineData("10.1.2.3", "the local network (10.1.2.3)")]
    [InlineData("172.31.0.1", "the local network (172.31.0.1)")]
    [InlineData("::ffff:192.168.1.20", "the local network (::ffff:192.168.1.20)")]
    [InlineData("fe80::1%2", "the local network (fe80::1%2)")]
    [InlineData("fd12::1", "the local network (fd12::1)")]
    [InlineData("172.32.0.1", "a remote address (172.32.0.1)")]
    [InlineData("203.0.113.9", "a remote address (203.0.113.9)")]
    [InlineData("2001:db8::1", "a remote address (2001:db8::1)")]
    [InlineData("not\r\nan address", "a remote address (not an address)")]
    [InlineData("unknown", "an unknown address (the proxy did not name the visitor)")]
    [InlineData("", "an unknown address")]
    [InlineData(null, "an unknown address")]
    public void Address_is_described_as_a_place(string? address, string expected) =>
        Assert.Equal(expected, RemotePlace.Describe(address));
}
