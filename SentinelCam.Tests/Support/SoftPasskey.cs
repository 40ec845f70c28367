using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace SentinelCam.Tests.Support;

/// <summary>A passkey in memory, which also does what a real one never would.</summary>
public sealed class SoftPasskey : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public byte[] Id { get; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>The account to which it belongs, as the site has named it.</summary>
    public string UserHandle { get; set; } = "";

    /// <summary>How often it was used. One that is kept at zero does not count, as most that are synchronized.</summary>
    public uint Counter { get; set; }

    /// <summary>The answer to <c>navigator.credentials.create</c>.</summary>
    public string Create(JsonNode options, string origin)
    {
        UserHandle = (string)options["user"]!["id"]!;
        var client = ClientData("webauthn.create", options, origin);
        var cbor = new CborWriter();
        cbor.WriteStartMap(3);
        cbor.WriteTextString("fmt");
        cbor.WriteTextString("none");
        cbor.WriteTextString("attStmt");
        cbor.WriteStartMap(0);
        cbor.WriteEndMap();
        cbor.WriteTextString("authData");
        cbor.WriteByteString(
        [
            .. AuthenticatorData((string)options["rp"]!["id"]!, 0x45), .. new byte[16], 0, (byte)Id.Length, .. Id, .. PublicKey(),
        ]);
        cbor.WriteEndMap();
        return Credential(new JsonObject
        {
            ["clientDataJSON"] = Encode(client),
            ["attestationObject"] = Encode(cbor.Encode()),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary>The answer to <c>navigator.credentials.get</c>.</summary>
    /// <param name="options">What the site asks.</param>
    /// <param name="origin">The page on which it is asked.</param>
    /// <param name="isVerified">Whether its owner has shown a finger or a PIN.</param>
    /// <param name="isTampered">Whether the signature is of something else.</param>
    public string Answer(JsonNode options, string origin, bool isVerified = true, bool isTampered = false)
    {
        var client = ClientData("webauthn.get", options, origin);
        var data = AuthenticatorData((string)options["rpId"]!, (byte)(isVerified ? 0x05 : 0x01));
        byte[] signed = [.. data, .. SHA256.HashData(client)];
        if (isTampered)
            signed[^1] ^= 1;
        return Credential(new JsonObject
        {
            ["clientDataJSON"] = Encode(client),
            ["authenticatorData"] = Encode(data),
            ["signature"] = Encode(_key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            ["userHandle"] = UserHandle,
        });
    }

    public void Dispose() => _key.Dispose();

    private static byte[] ClientData(string type, JsonNode options, string origin) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["type"] = type,
        ["challenge"] = (string)options["challenge"]!,
        ["origin"] = origin,
        ["crossOrigin"] = false,
    }.ToJsonString());

    private byte[] AuthenticatorData(string rpId, byte flags)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, Counter);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(rpId)), flags, .. counter];
    }

    private byte[] PublicKey()
    {
        var point = _key.ExportParameters(false).Q;
        var cbor = new CborWriter();
        cbor.WriteStartMap(5);
        foreach (var (name, value) in new[] { (1, 2), (3, -7), (-1, 1) })
        {
            cbor.WriteInt32(name);
            cbor.WriteInt32(value);
        }

        cbor.WriteInt32(-2);
        cbor.WriteByteString(point.X!);
        cbor.WriteInt32(-3);
        cbor.WriteByteString(point.Y!);
        cbor.WriteEndMap();
        return cbor.Encode();
    }

    private string Credential(JsonObject response) => new JsonObject
    {
        ["id"] = Encode(Id),
        ["rawId"] = Encode(Id),
        ["type"] = "public-key",
        ["response"] = response,
        ["clientExtensionResults"] = new JsonObject(),
        ["authenticatorAttachment"] = "platform",
    }.ToJsonString();

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}

/// <summary>What visitors do with passkeys, at an address where browsers have them.</summary>
public static class PasskeyActions
{
    /// <summary>The app at this machine's name: browsers tie passkeys to names, not to numbers.</summary>
    public static Uri AddressByName(this SentinelCamApp app) => new UriBuilder(app.Address) { Host = "localhost" }.Uri;

    /// <summary>The same as browsers name it in a passkey's answer.</summary>
    public static string Origin(this SentinelCamApp app) => app.AddressByName().GetLeftPart(UriPartial.Authority);

    public static WebVisitor VisitByName(this SentinelCamApp app) => new(app.AddressByName(), "Tests/1.0");

    /// <summary>A browser that is signed in there.</summary>
    public static async Task<WebVisitor> VisitByNameAsAsync(this SentinelCamApp app, string email)
    {
        var visitor = app.VisitByName();
        Assert.Equal("/dashboard", (await visitor.SignInAsync(email, SentinelCamApp.Password)).Path);
        return visitor;
    }

    /// <summary>A new account that has a passkey.</summary>
    public static async Task<(long Id, SoftPasskey Passkey)> AddAccountWithPasskeyAsync(
        this SentinelCamApp app, string name, string email)
    {
        var id = await app.AddAccountAsync(name, email);
        using var visitor = await app.VisitByNameAsAsync(email);
        var passkey = new SoftPasskey { Counter = 1 };
        Assert.Contains("The passkey was added", (await app.AddPasskeyAsync(visitor, passkey)).Main, StringComparison.Ordinal);
        return (id, passkey);
    }

    /// <summary>Adds a passkey to the account that is signed in.</summary>
    public static async Task<WebAnswer> AddPasskeyAsync(
        this SentinelCamApp app, WebVisitor visitor, SoftPasskey passkey, string name = "")
    {
        var page = await visitor.SubmitAsync("/settings/passkeys", new { }, "/settings/passkeys?handler=Add");
        var part = page.Document.QuerySelector(".passkey")!;
        var options = JsonNode.Parse(part.GetAttribute("data-options")!)!;
        return await visitor.SubmitAsync(
            page,
            new
            {
                Name = name,
                Credential = passkey.Create(options, app.Origin()),
                CredentialState = part.GetAttribute("data-state"),
            },
            "/settings/passkeys?handler=Save");
    }

    /// <summary>Asks for a challenge, as the script does.</summary>
    public static async Task<(JsonNode Options, string State)> AskAsync(
        this WebVisitor visitor, string page = "/login", string path = "/passkey_challenge")
    {
        var answer = await visitor.PostAsync(
            path, [], ("RequestVerificationToken", (await visitor.GetAsync(page)).Token));
        var challenge = JsonNode.Parse(answer.Text)!;
        return (challenge["options"]!, (string)challenge["state"]!);
    }

    /// <summary>Sends a passkey's answer with the sign-in form.</summary>
    public static Task<WebAnswer> SendPasskeyAsync(this WebVisitor visitor, string answer, string state) => visitor.SubmitAsync(
        "/login", new { Email = "", Password = "", PasskeyAnswer = answer, PasskeyState = state });

    /// <summary>Signs in with a passkey.</summary>
    public static async Task<WebAnswer> SignInAsync(
        this SentinelCamApp app, WebVisitor visitor, SoftPasskey passkey, bool isVerified = true, bool isTampered = false)
    {
        var (options, state) = await visitor.AskAsync();
        return await visitor.SendPasskeyAsync(passkey.Answer(options, app.Origin(), isVerified, isTampered), state);
    }
}
