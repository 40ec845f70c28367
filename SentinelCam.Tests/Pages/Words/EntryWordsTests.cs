using SentinelCam.Data;
using SentinelCam.Pages;

namespace SentinelCam.Tests.Pages;

public class EntryWordsTests
{
    [Theory]
    [InlineData("127.0.0.1", "this device")]
    [InlineData("::1", "this device")]
    [InlineData("192.168.0.7", "your network")]
    [InlineData("fe80::1%2", "your network")]
    [InlineData("203.0.113.9", "the internet, 203.0.113.9")]
    [InlineData("2001:db8::1", "the internet, 2001:db8::1")]
    [InlineData("unknown", "an unknown address")]
    [InlineData(LoginAttempt.SeveralAddresses, "several addresses")]
    public void An_address_is_said_as_a_place(string address, string words) => Assert.Equal(words, EntryWords.PlaceOf(
        new LoginAttempt { AccountTyped = "ann@example.org", RemoteAddress = address, UserAgent = "" }));

    [Theory]
    [InlineData(DeliveryState.Waiting, 0, null, false, "Not told yet: the email is queued")]
    [InlineData(DeliveryState.Sending, 1, null, false, "Not told yet: the email is being sent")]
    [InlineData(DeliveryState.Waiting, 2, "451 4.7.1 try later", false, "Not told yet: the mail server refuses")]
    [InlineData(DeliveryState.Waiting, 2, "Connection refused", false, "Not told yet: the last try failed")]
    [InlineData(DeliveryState.Waiting, 2, "535 5.7.8 no", true, "Not told yet: the mail server rejects SentinelCam's sign-in")]
    [InlineData(DeliveryState.Failed, 1, "550 5.1.1 no such user", false, "Not told: the email could not be delivered")]
    public void A_mail_that_was_not_sent_says_why(DeliveryState state, int tries, string? reply, bool signIn, string words)
    {
        var delivery = new Delivery
        {
            Recipient = "ann@example.org",
            MessageId = "1@example.org",
            State = state,
            Tries = tries,
            LastReply = reply,
            SignInRefused = signIn,
        };

        Assert.Equal(words, DeliveryWords.NotDone(delivery));
        delivery.Kind = MailKind.Summary;
        Assert.StartsWith("Summary not sent", DeliveryWords.NotDone(delivery), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MailKind.Attempt, "Told")]
    [InlineData(MailKind.Success, "Told")]
    [InlineData(MailKind.Manual, "Requested picture sent")]
    [InlineData(MailKind.Summary, "Summary sent")]
    public void A_mail_that_was_sent_says_what_it_was(MailKind kind, string words) => Assert.Equal(
        words, DeliveryWords.Done(new Delivery { Recipient = "ann@example.org", MessageId = "1@example.org", Kind = kind }));

    [Theory]
    [InlineData(1, LoginOutcome.RefusedByDevice, "Failed log-in")]
    [InlineData(40, LoginOutcome.RefusedByDevice, "40 failed log-ins")]
    [InlineData(40, LoginOutcome.UnknownAccount, "40 failed log-ins with an unknown user name")]
    public void An_entry_for_many_log_ins_to_the_device_says_how_many(int count, LoginOutcome outcome, string words) =>
        Assert.Equal(words, EntryWords.What(new ImageLogEntry
        {
            Trigger = CaptureTrigger.FailedLogin,
            LoginAttempt = new LoginAttempt
            {
                Origin = AttemptOrigin.OverNetwork,
                AccountTyped = "",
                RemoteAddress = "203.0.113.9",
                UserAgent = "",
                Outcome = outcome,
                Count = count,
            },
        }));
}
