using Microsoft.Extensions.Configuration;
using SentinelCam.Configuration;
using SentinelCam.Mail;

namespace SentinelCam.Tests.Mail;

public sealed class SmtpOptionsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("Camera <cam@example.org>", "@example.org")]
    [InlineData("Kamera <cam@m\u00fcnchen.example>", "@xn--mnchen-3ya.example")]
    [InlineData(null, "@localhost")]
    public void Message_ID_has_the_senders_domain_in_ASCII(string? from, string end)
    {
        var options = new SmtpOptions(null, 587, SmtpSecurity.Auto, null, null, from);

        Assert.EndsWith(end, options.NewMessageId(), StringComparison.Ordinal);
        Assert.NotEqual(options.NewMessageId(), options.NewMessageId());
    }

    [Fact]
    public void Default_sender_is_used_without_a_host() =>
        Assert.Equal(new SmtpOptions(null, 587, SmtpSecurity.Auto, null, null, "sentinelcam@localhost"), Read());

    [Fact]
    public void All_keys_are_read() => Assert.Equal(
        new SmtpOptions("smtp.example.org", 465, SmtpSecurity.SslOnConnect, "cam", " secret ", "Camera <cam@example.org>"),
        Read("Host=smtp.example.org", "Port=465", "Security=sslonconnect", "UserName=cam", "Password= secret ",
            "From=Camera <cam@example.org>"));

    [Fact]
    public void User_name_that_is_a_mail_address_is_the_default_sender() =>
        Assert.Equal("cam@example.org", Read("Host=smtp.example.org", "UserName=cam@example.org", "Password=secret").From);

    [Fact]
    public void Empty_value_counts_as_not_set() =>
        Assert.Null(Read("Host=", "Port=", "Security=", "UserName=", "Password=", "From=").Host);

    [Theory]
    [InlineData("Smtp:Host", "smtp://smtp.example.org", "Host=smtp://smtp.example.org")]
    [InlineData("Smtp:Host", "smtp.example.org:587", "Host=smtp.example.org:587")]
    [InlineData("Smtp:Host", "0.0.0.0", "Host=0.0.0.0")]
    [InlineData("Smtp:Port", "0", "Port=0")]
    [InlineData("Smtp:Port", "65536", "Port=65536")]
    [InlineData("Smtp:Port", "+587", "Port=+587")]
    [InlineData("Smtp:Port", "smtp", "Port=smtp")]
    [InlineData("Smtp:Security", "TLS", "Security=TLS")]
    [InlineData("Smtp:Security", "2", "Security=2")]
    [InlineData("Smtp:From", "camera", "From=camera")]
    [InlineData("Smtp:From", "a@b.example, c@d.example", "From=a@b.example, c@d.example")]
    [InlineData("Smtp:From", "a@b.example\r\nBcc: c@d.example", "From=a@b.example\r\nBcc: c@d.example")]
    [InlineData("Smtp:From", null, "Host=smtp.example.org")]
    [InlineData("Smtp:From", null, "Host=smtp.example.org", "UserName=cam", "Password=secret")]
    [InlineData("Smtp:Password", null, "Host=smtp.example.org", "UserName=cam@example.org")]
    [InlineData("Smtp:UserName", null, "Host=smtp.example.org", "Password=secret", "From=cam@example.org")]
    [InlineData("Smtp:Security", "None", "Host=smtp.example.org", "UserName=cam@example.org", "Password=secret", "Security=None")]
    public void Invalid_value_is_reported_with_key_value_and_what_is_allowed(string key, string? value, params string[] settings)
    {
        var wrong = Assert.Throws<ConfigurationException>(() => Read(settings));

        var found = value is null ? "not set" : $"\"{value}\"";
        Assert.StartsWith($"{key} is {found}. Allowed: ", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret\"", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Unencrypted_password_is_allowed_only_to_this_machine(string host) =>
        Assert.Equal(
            SmtpSecurity.None,
            Read($"Host={host}", "UserName=cam@example.org", "Password=secret", "Security=None").Security);

    [Theory]
    [InlineData("appsettings.json", false)]
    [InlineData("appsettings.Production.json", false)]
    [InlineData("appsettings.json", true)]
    public void Password_in_an_appsettings_file_is_refused_and_not_shown(string file, bool chained)
    {
        var wrong = Assert.Throws<ConfigurationException>(() => SmtpOptions.Read(WithFile(file, chained)));

        Assert.Contains(file, wrong.Message, StringComparison.Ordinal);
        Assert.Contains("Smtp__Password", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Password_in_user_secrets_is_accepted() =>
        Assert.Equal("hush", SmtpOptions.Read(WithFile("secrets.json", chained: false)).Password);

    [Fact]
    public void Description_of_the_options_omits_the_password()
    {
        var words = Read("Host=smtp.example.org", "UserName=cam@example.org", "Password=hush").ToString();

        Assert.Equal("smtp.example.org:587, security Auto, signed in as cam@example.org, from cam@example.org", words);
    }

    private IConfiguration WithFile(string name, bool chained)
    {
        File.WriteAllText(
            Path.Combine(_directory, name),
            """{ "Smtp": { "Host": "smtp.example.org", "UserName": "cam@example.org", "Password": "hush" } }""");
        var configuration = new ConfigurationBuilder().SetBasePath(_directory).AddJsonFile(name).Build();
        return chained ? new ConfigurationBuilder().AddConfiguration(configuration).Build() : configuration;
    }

    private static SmtpOptions Read(params string[] settings) => SmtpOptions.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings
            .Select(setting => setting.Split('=', 2))
            .Select(pair => KeyValuePair.Create("Smtp:" + pair[0], (string?)pair[1])))
        .Build());
}
