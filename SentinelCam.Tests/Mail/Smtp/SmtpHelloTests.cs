using System.Net;
using Microsoft.Extensions.Configuration;
using SentinelCam.Alerts;
using SentinelCam.Configuration;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

/// <summary>The name with which SentinelCam introduces itself. Servers refuse a bare host name.</summary>
public sealed class SmtpHelloTests
{
    [Fact]
    public async Task Default_name_is_a_full_name_or_an_address()
    {
        await using var server = ScriptedSmtpServer.Start();

        await SendAsync(Mails.Options(server.Port));

        var hello = Assert.Single(server.Dialogue, line => line.StartsWith("C: EHLO ", StringComparison.Ordinal))[8..];
        Assert.True(hello is "[127.0.0.1]" or "[IPv6:::1]" || (hello.Contains('.', StringComparison.Ordinal)
            && Uri.CheckHostName(hello) == UriHostNameType.Dns), hello);
    }

    [Theory]
    [InlineData("cam.example.org", "cam.example.org")]
    [InlineData(" cam.example.org ", "cam.example.org")]
    [InlineData("kamera.münchen.example", "kamera.xn--mnchen-3ya.example")]
    [InlineData("192.0.2.1", "[192.0.2.1]")]
    [InlineData("[192.0.2.1]", "[192.0.2.1]")]
    [InlineData("2001:db8::1", "[IPv6:2001:db8::1]")]
    [InlineData("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]")]
    public async Task Configured_name_is_sent(string setting, string expected)
    {
        await using var server = ScriptedSmtpServer.Start();

        await SendAsync(Mails.Options(server.Port) with { HelloName = Read(setting) });

        Assert.Contains("C: EHLO " + expected, server.Dialogue);
    }

    [Theory]
    [InlineData("cam")]
    [InlineData("cam example.org")]
    [InlineData("cam.example.org\r\nRSET")]
    [InlineData("1.2.3")]
    [InlineData("cam..example.org")]
    [InlineData("[cam.example.org]")]
    [InlineData("under_score.example.org")]
    public void Invalid_name_is_reported_with_what_is_allowed(string setting)
    {
        var wrong = Assert.Throws<ConfigurationException>(() => Read(setting));

        Assert.StartsWith("Smtp:HelloName is ", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("a full host name", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "[192.0.2.1]")]
    [InlineData("::ffff:192.0.2.1", "[192.0.2.1]")]
    [InlineData("2001:db8::1", "[IPv6:2001:db8::1]")]
    [InlineData("fe80::1%2", "[IPv6:fe80::1]")]
    public void Address_is_written_as_a_literal(string address, string expected) =>
        Assert.Equal(expected, SmtpHello.Literal(IPAddress.Parse(address)));

    [Fact]
    public async Task Refused_name_is_quoted_in_the_remedy()
    {
        await using var server = ScriptedSmtpServer.Start(new SmtpScript().Reply(SmtpStage.Ehlo, "550 5.7.1 who are you"));

        var outcome = await SendAsync(Mails.Options(server.Port) with { HelloName = "cam.example.org" });

        Assert.Contains("(cam.example.org). Set Smtp:HelloName", outcome.Remedy, StringComparison.Ordinal);
    }

    private static string? Read(string setting) => SmtpOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new("Smtp:HelloName", setting)]).Build()).HelloName;

    private static async Task<MailOutcome> SendAsync(SmtpOptions options)
    {
        await using var transport = new SmtpTransport(options, TimeSpan.FromSeconds(20));
        return await transport.SendAsync(AlertMessage.Compose(Mails.Content()), TestContext.Current.CancellationToken);
    }
}
