using System.Security.Cryptography.X509Certificates;

namespace SentinelCam.Tests.Support;

/// <summary>The points of a dialogue where a <see cref="SmtpScript"/> can set an action.</summary>
public enum SmtpStage
{
    /// <summary>The client has connected and waits for the greeting.</summary>
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    MailFrom,
    RcptTo,
    Data,

    /// <summary>The first line of the message has arrived.</summary>
    InData,

    /// <summary>The message is complete and waits for its reply.</summary>
    EndOfData,

    /// <summary>The client checks whether the connection is alive.</summary>
    NoOp,
    Quit,
}

/// <summary>What the server does at a stage: it optionally replies, then continues, stays silent or disconnects.</summary>
/// <param name="Reply">The reply without a line end, or null for none. "\n" separates the lines of a multiline reply.</param>
/// <param name="Close">Whether to close the connection afterwards.</param>
/// <param name="Hang">Whether to stay silent afterwards.</param>
/// <param name="Delay">How long to wait before the reply.</param>
/// <param name="After">What to wait for before the reply, or null.</param>
public sealed record SmtpAction(
    string? Reply, bool Close = false, bool Hang = false, TimeSpan Delay = default, Task? After = null)
{
    /// <summary>Keeps the connection open without a reply.</summary>
    public static SmtpAction Silence { get; } = new(null, Hang: true);

    /// <summary>Closes the connection without a reply.</summary>
    public static SmtpAction HangUp { get; } = new(null, Close: true);
}

/// <summary>How one connection proceeds. Stages without an action succeed.</summary>
public sealed class SmtpScript
{
    private readonly Dictionary<SmtpStage, SmtpAction> _actions = [];
    private readonly Dictionary<string, string> _mechanisms = [];

    /// <summary>The certificate for TLS; null for no TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whether TLS starts with the first byte instead of after STARTTLS.</summary>
    public bool TlsOnConnect { get; init; }

    /// <summary>Sent instead of a TLS handshake, after which the connection is closed; null for a handshake.</summary>
    public byte[]? TlsReply { get; init; }

    /// <summary>The size in bytes above which messages are refused.</summary>
    public int SizeLimit { get; init; } = int.MaxValue;

    /// <summary>The reply to a message above <see cref="SizeLimit"/>.</summary>
    public string SizeRefusal { get; init; } = "552 5.3.4 Message size exceeds fixed limit";

    /// <summary>Whether the size declared with MAIL FROM is checked, or only that of the message.</summary>
    public bool ChecksDeclaredSize { get; init; } = true;

    /// <summary>How many messages a connection accepts; the next one gets a 421.</summary>
    public int MessagesPerConnection { get; init; } = int.MaxValue;

    /// <summary>The extensions that EHLO offers, except STARTTLS.</summary>
    public IReadOnlyList<string> Extensions { get; init; } =
        ["PIPELINING", "SIZE 10240000", "8BITMIME", "ENHANCEDSTATUSCODES", "AUTH PLAIN"];

    /// <summary>Sets the reply at a stage, after which the dialogue continues.</summary>
    public SmtpScript Reply(SmtpStage stage, string reply) => On(stage, new SmtpAction(reply));

    /// <summary>Sets the action at a stage.</summary>
    public SmtpScript On(SmtpStage stage, SmtpAction action)
    {
        _actions[stage] = action;
        return this;
    }

    /// <summary>Sets the reply to a sign-in with one mechanism. The others get that of <see cref="SmtpStage.Auth"/>.</summary>
    public SmtpScript Mechanism(string name, string reply)
    {
        _mechanisms[name] = reply;
        return this;
    }

    /// <summary>The action for a sign-in.</summary>
    public SmtpAction SignIn(string mechanism, bool secure) =>
        _mechanisms.TryGetValue(mechanism, out var reply) ? new SmtpAction(reply) : At(SmtpStage.Auth, secure);

    /// <summary>The action at a stage.</summary>
    public SmtpAction At(SmtpStage stage, bool secure) =>
        _actions.TryGetValue(stage, out var action) ? action : new SmtpAction(SuccessfulReply(stage, secure));

    private string? SuccessfulReply(SmtpStage stage, bool secure) => stage switch
    {
        SmtpStage.Greeting => "220 localhost ESMTP scripted",
        SmtpStage.Ehlo => string.Join("\n", ["250 localhost", .. Offers(secure).Select(offer => "250 " + offer)]),
        SmtpStage.StartTls => Certificate is null ? "502 5.5.1 not implemented" : "220 2.0.0 go ahead",
        SmtpStage.Auth => "235 2.7.0 welcome",
        SmtpStage.MailFrom => "250 2.1.0 sender ok",
        SmtpStage.RcptTo => "250 2.1.5 recipient ok",
        SmtpStage.Data => "354 go ahead",
        SmtpStage.InData => null,
        SmtpStage.NoOp => "250 2.0.0 ok",
        SmtpStage.EndOfData => "250 2.0.0 queued as 4711",
        _ => "221 2.0.0 bye",
    };

    private IEnumerable<string> Offers(bool secure) => Certificate is null || secure ? Extensions : Extensions.Append("STARTTLS");
}
