using System.Net;
using System.Text.RegularExpressions;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace SentinelCam.Tests.Support;

/// <summary>A browser without scripts: keeps cookies, follows redirects, fills in forms with their hidden fields.</summary>
public sealed class WebVisitor : IDisposable
{
    private readonly HttpClient _http;
    private readonly HttpClientHandler _handler = new() { CookieContainer = new CookieContainer(), UseProxy = false };

    public WebVisitor(Uri address, string userAgent)
    {
        _http = new HttpClient(_handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        _http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", userAgent);
    }

    /// <summary>Answers the question for the password before sensitive changes; null to leave it open.</summary>
    public string? Proof { get; set; } = SentinelCamApp.Password;

    public Task<WebAnswer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), headers);

    /// <summary>Opens a page and submits its form that posts to the given action, by default to the same page.</summary>
    public async Task<WebAnswer> SubmitAsync(
        string page, object fields, string? action = null, params (string Name, string Value)[] headers) =>
        await SubmitAsync(await GetAsync(page), fields, action, headers);

    /// <summary>Submits a form of an open page.</summary>
    public async Task<WebAnswer> SubmitAsync(
        WebAnswer page, object fields, string? action = null, params (string Name, string Value)[] headers)
    {
        var form = page.Document.Forms.FirstOrDefault(
            form => form.Method == "post" && PathOf(form, page) == (action ?? page.PathAndQuery))
            ?? throw new InvalidOperationException(
                $"{page.PathAndQuery} has no form that posts to {action ?? page.PathAndQuery}:\n{page.Text}");
        var values = form.Elements.OfType<IHtmlInputElement>().Where(input => input is { Type: "hidden", Name: not null })
            .ToDictionary(input => input.Name!, input => input.Value);
        foreach (var property in fields.GetType().GetProperties())
            values[property.Name] = (string?)property.GetValue(fields) ?? "";
        return await PostAsync(PathOf(form, page), values, headers);
    }

    /// <summary>Posts fields as they are, without a form.</summary>
    public async Task<WebAnswer> PostAsync(
        string path, IEnumerable<KeyValuePair<string, string>> fields, params (string Name, string Value)[] headers)
    {
        var answer = await SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields) }, headers);
        var question = answer.Headers.GetValueOrDefault("Content-Type", "").StartsWith("text/html", StringComparison.Ordinal)
            ? ((IHtmlInputElement?)answer.Document.QuerySelector("input[name=ProofPassword]"))?.Form : null;
        if (Proof is null || question is null)
            return answer;
        // A list, because fields can repeat
        var values = question.Elements.OfType<IHtmlInputElement>().Where(input => input is { Type: "hidden", Name.Length: > 0 })
            .Select(input => KeyValuePair.Create(input.Name!, input.Value)).Append(new("ProofPassword", Proof));
        var repeated = new HttpRequestMessage(HttpMethod.Post, question.GetAttribute("action"));
        repeated.Content = new FormUrlEncodedContent(values);
        return await SendAsync(repeated, headers);
    }

    public Task<WebAnswer> RegisterAsync(string userName, string email, string password, string setupCode = "") => SendFormAsync(
        "/register", new() { ["UserName"] = userName, ["Email"] = email, ["Password"] = password, ["SetupCode"] = setupCode });

    public Task<WebAnswer> SignInAsync(string email, string password) =>
        SendFormAsync("/login", new() { ["Email"] = email, ["Password"] = password });

    public Task<WebAnswer> SignOutAsync() => SubmitAsync("/", new { }, "/logout");

    /// <summary>The cookies that it would send, as a header has them.</summary>
    public string CookiesFor(Uri address) => _handler.CookieContainer.GetCookieHeader(address);

    /// <summary>Copies the cookies of another visitor, as a thief does.</summary>
    public void TakeCookies(Uri address, WebVisitor other) =>
        _handler.CookieContainer.Add(other._handler.CookieContainer.GetCookies(address));

    public void AddCookie(Uri address, string name, string value) =>
        _handler.CookieContainer.Add(address, new Cookie(name, value));

    /// <summary>Gives the value of a cookie another name, as a forger does.</summary>
    public void RenameCookie(Uri address, string name, string newName)
    {
        var cookie = _handler.CookieContainer.GetCookies(address)[name]!;
        _handler.CookieContainer.Add(new Cookie(newName, cookie.Value, cookie.Path, cookie.Domain));
        cookie.Expired = true;
    }

    /// <summary>Sends a request with any method.</summary>
    public Task<WebAnswer> SendAsync(string method, string path, params (string Name, string Value)[] headers) =>
        SendAsync(new HttpRequestMessage(new HttpMethod(method), path), headers);

    /// <summary>Opens an answer that does not end on its own.</summary>
    public async Task<Stream> StreamAsync(string path)
    {
        var response = await _http.GetAsync(
            path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Reads an answer of any length without keeping it.</summary>
    /// <returns>Its length in bytes.</returns>
    public async Task<long> DrainAsync(string path)
    {
        using var response = await _http.GetAsync(
            path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var stream = await response.EnsureSuccessStatusCode()
            .Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[1 << 16];
        long length = 0;
        for (int read; (read = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
            length += read;
        return length;
    }

    public void Dispose()
    {
        _http.Dispose();
        _handler.Dispose();
    }

    /// <summary>
    /// Opens a form and sends it. A visitor who is signed in is led to the dashboard instead, and sends it as from a tab that was
    /// opened before.
    /// </summary>
    private async Task<WebAnswer> SendFormAsync(string path, Dictionary<string, string> fields)
    {
        var page = await GetAsync(path);
        return await PostAsync(page.Path == path ? page.PathAndQuery : path,
            [.. fields, new("__RequestVerificationToken", page.Token)]);
    }

    private static string PathOf(IHtmlFormElement form, WebAnswer page) =>
        string.IsNullOrEmpty(form.GetAttribute("action")) ? page.PathAndQuery : form.GetAttribute("action")!;

    private async Task<WebAnswer> SendAsync(HttpRequestMessage request, (string Name, string Value)[] headers)
    {
        using (request)
        {
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            return new WebAnswer(
                response.StatusCode, response.RequestMessage!.RequestUri!, body, response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
        }
    }
}

/// <summary>What came back, after redirects.</summary>
public sealed partial record WebAnswer(HttpStatusCode Status, Uri Uri, byte[] Body, IReadOnlyDictionary<string, string> Headers)
{
    private static readonly HtmlParser Parser = new();

    public string Path => Uri.AbsolutePath;

    public string PathAndQuery => Uri.PathAndQuery;

    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    public IHtmlDocument Document => field ??= Parser.ParseDocument(Text);

    /// <summary>The antiforgery token of its forms.</summary>
    public string Token => ((IHtmlInputElement)Document.QuerySelector("input[name=__RequestVerificationToken]")!).Value;

    /// <summary>The text without the parts that differ each time: form tokens and the trace of an error page.</summary>
    public string Neutral => EachTime().Replace(Text, "...");

    /// <summary>The text of the main part, as a reader sees it.</summary>
    public string Main => (Document.QuerySelector("main")?.TextContent ?? Document.Body!.TextContent).OnOneLine();

    [GeneratedRegex("CfDJ8[A-Za-z0-9_-]+|trace <code>[^<]*")]
    private static partial Regex EachTime();
}
