using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Forwarding;

namespace SentinelCam.Tests.Support;

/// <summary>What a device does at a central SentinelCam.</summary>
public static class Enrolled
{
    /// <summary>Makes a code for a device on the page, as the administrator does.</summary>
    public static async Task<string> InviteDeviceAsync(
        this WebVisitor administrator, string name, IEnumerable<long> owners, bool forAdministrators = false)
    {
        var page = await administrator.GetAsync("/admin/nodes");
        var fields = owners.Select(id => KeyValuePair.Create("Owners", $"{id}"))
            .Append(new("Name", name)).Append(new("__RequestVerificationToken", page.Token));
        if (forAdministrators)
            fields = fields.Append(new("ForAdministrators", "true"));
        var answer = await administrator.PostAsync("/admin/nodes?handler=Invite", fields);
        return answer.Document.QuerySelector("#code")?.GetAttribute("value")
            ?? throw new InvalidOperationException($"There is no code: {answer.Text}");
    }

    /// <summary>Trades a code for a token.</summary>
    public static async Task<HttpResponseMessage> TradeAsync(this SentinelCamApp central, string code)
    {
        using var http = Client(central);
        return await http.PostAsJsonAsync("/api/devices/enrol", new { code }, TestContext.Current.CancellationToken);
    }

    /// <summary>Enrols a device that reports for some accounts.</summary>
    /// <returns>Its token.</returns>
    public static async Task<string> EnrolAsync(
        this SentinelCamApp central, WebVisitor administrator, string name, bool forAdministrators, params string[] owners)
    {
        var ids = await central.ReadAsync(db => db.Users.Where(a => owners.Contains(a.Email)).Select(a => a.Id).ToListAsync());
        using var answer = await central.TradeAsync(await administrator.InviteDeviceAsync(name, ids, forAdministrators));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(name, body.GetProperty("device").GetString());
        return body.GetProperty("token").GetString()!;
    }

    /// <summary>Reports an entry.</summary>
    public static Task<HttpStatusCode> ReportAsync(this SentinelCamApp central, string? token, long id, ReportedEntry entry) =>
        central.ReportAsync(token, id, JsonSerializer.SerializeToUtf8Bytes(entry, ReportedEntry.Json));

    /// <summary>Reports whatever a test makes up.</summary>
    public static async Task<HttpStatusCode> ReportAsync(this SentinelCamApp central, string? token, long id, byte[] body) =>
        (await SendAsync(central, token, $"/api/devices/entries/{id}", body)).Status;

    /// <summary>Reports an entry as a device does, and also returns the version that the central side says it has.</summary>
    public static Task<(HttpStatusCode Status, string? Version)> AskAsync(
        this SentinelCamApp central, string token, long id, ReportedEntry entry) =>
        SendAsync(central, token, $"/api/devices/entries/{id}?epoch={entry.Epoch}",
            JsonSerializer.SerializeToUtf8Bytes(entry, ReportedEntry.Json));

    private static async Task<(HttpStatusCode Status, string? Version)> SendAsync(
        SentinelCamApp central, string? token, string path, byte[] body)
    {
        using var http = Client(central);
        using var request = new HttpRequestMessage(HttpMethod.Put, path);
        request.Content = new ByteArrayContent(body);
        request.Headers.ExpectContinue = true;
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode,
            answer.Headers.TryGetValues(ReportedEntry.VersionHeader, out var version) ? version.Single() : null);
    }

    private static HttpClient Client(SentinelCamApp central) =>
        new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = central.Address };
}
