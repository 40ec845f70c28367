using MimeKit;
using SentinelCam.Alerts;
using SentinelCam.Mail;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Mail;

public sealed class OutboxTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("sentinelcam-").FullName;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    private string Outbox => Path.Combine(_parent, "outbox");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mail_becomes_one_file_that_can_be_read_back()
    {
        var outcome = await WriteAsync(Mails.Content());

        var listed = Assert.Single(new OutboxReader(Outbox).List(10));
        Assert.Equal(new MailOutcome(MailResult.Accepted, "Written to the outbox as " + listed.Name), outcome);
        Assert.StartsWith("20261123T193005Z-delivery-42exampleorg-", listed.Name, StringComparison.Ordinal);
        Assert.Equal(new FileInfo(Path.Combine(Outbox, listed.Name)).Length, listed.Size);
        Assert.Equal([listed.Name], Directory.GetFiles(Outbox).Select(Path.GetFileName));

        var mail = new OutboxReader(Outbox).Read(listed.Name);
        Assert.Equal("delivery-42@example.org", mail!.MessageId);
        Assert.Equal(Mails.Jpeg, Assert.IsType<MimePart>(Assert.Single(mail.Attachments)).Bytes());
    }

    [Fact]
    public async Task Mail_sent_again_replaces_its_first_copy()
    {
        await WriteAsync(Mails.Content());
        await WriteAsync(Mails.Content());

        Assert.Single(new OutboxReader(Outbox).List(10));
    }

    [Fact]
    public async Task Message_IDs_that_differ_only_in_unsafe_characters_give_two_files()
    {
        await WriteAsync(Mails.Content() with { MessageId = "a.b@example.org" });
        await WriteAsync(Mails.Content() with { MessageId = "ab@example.org" });

        Assert.Equal(2, new OutboxReader(Outbox).List(10).Count);
    }

    [Fact]
    public async Task Newest_mails_are_listed_first()
    {
        for (var minute = 0; minute < 5; minute++)
        {
            var composedAt = Mails.Moment.AddMinutes(minute);
            await WriteAsync(Mails.Content() with { MessageId = $"{minute}@example.org", ComposedAt = composedAt });
        }

        Assert.Equal(["4", "3", "2"], new OutboxReader(Outbox).List(3).Select(mail => mail.Name.Split('-')[1][..1]));
    }

    [Fact]
    public async Task Mails_and_their_directory_are_readable_by_this_user_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        if (OperatingSystem.IsWindows())
            return;

        await WriteAsync(Mails.Content());

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Outbox));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Directory.GetFiles(Outbox).Single()));
    }

    [Fact]
    public async Task Unwritable_directory_is_retried_with_a_remedy()
    {
        await File.WriteAllTextAsync(Outbox, "a file in place of the directory", Cancel);

        var outcome = await WriteAsync(Mails.Content());

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.NotNull(outcome.Remedy);
    }

    [Fact]
    public async Task Failed_write_leaves_no_file_behind()
    {
        // A directory with the mail's name makes only the last step fail, the rename
        await WriteAsync(Mails.Content());
        var name = Assert.Single(new OutboxReader(Outbox).List(1)).Name;
        File.Delete(Path.Combine(Outbox, name));
        Directory.CreateDirectory(Path.Combine(Outbox, name, "in the way"));

        var outcome = await WriteAsync(Mails.Content());

        Assert.Equal(MailResult.TryAgain, outcome.Result);
        Assert.Empty(Directory.GetFiles(Outbox));
    }

    [Fact]
    public async Task Partial_mail_is_not_listed()
    {
        Directory.CreateDirectory(Outbox);
        await File.WriteAllTextAsync(Path.Combine(Outbox, ".20261123T193005Z-x-00.eml.half"), "half", Cancel);

        Assert.Empty(new OutboxReader(Outbox).List(10));
    }

    [Fact]
    public void Outbox_is_empty_before_the_first_mail()
    {
        Assert.Empty(new OutboxReader(Outbox).List(10));
        Assert.Null(new OutboxReader(Outbox).Read("20261123T193005Z-x-00.eml"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../secret.eml")]
    [InlineData("..\\secret.eml")]
    [InlineData("/etc/passwd")]
    [InlineData("x/../../secret.eml")]
    [InlineData("secret.eml\n")]
    [InlineData("secret.eml\0.eml")]
    [InlineData("C:secret.eml")]
    [InlineData(".hidden.eml")]
    [InlineData("secret.txt")]
    public async Task Name_cannot_escape_the_outbox(string? name)
    {
        await WriteAsync(Mails.Content());
        await File.WriteAllTextAsync(Path.Combine(_parent, "secret.eml"), "Subject: secret\r\n\r\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(Outbox, ".hidden.eml"), "Subject: secret\r\n\r\n", Cancel);
        await File.WriteAllTextAsync(Path.Combine(Outbox, "secret.txt"), "Subject: secret\r\n\r\n", Cancel);

        Assert.Null(new OutboxReader(Outbox).Read(name));
    }

    private Task<MailOutcome> WriteAsync(AlertContent content) =>
        new OutboxTransport(Outbox).SendAsync(AlertMessage.Compose(content), Cancel);
}
