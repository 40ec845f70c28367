using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Alerts;

/// <summary>How a mail looks.</summary>
public sealed class AlertLayoutTests
{
    private const string Page = "https://cam.example.org/alerts/7";
    private const string Question = "https://cam.example.org/was_it_you?token=CfDJ8AbC";

    [Fact]
    public void HTML_has_the_logo_the_picture_at_full_width_and_one_short_table()
    {
        var html = Mails.Content().Sent().Html();

        Assert.Equal("SentinelCam", html.QuerySelector("strong")!.TextContent);
        var picture = Assert.Single(html.QuerySelectorAll("img"));
        Assert.Contains("width: 100%", picture.GetAttribute("style"), StringComparison.Ordinal);
        Assert.Equal(
            ["When", "Account", "From", "Browser", "Outcome"],
            html.QuerySelectorAll("table.facts th").Select(cell => cell.TextContent));
        Assert.Equal("light dark", html.QuerySelector("meta[name=color-scheme]")!.GetAttribute("content"));
        Assert.Contains("prefers-color-scheme: dark", html.QuerySelector("style")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Browser_is_named_in_words_and_its_user_agent_stands_at_the_end()
    {
        const string Agent =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        var mail = (Mails.Content() with { Attempts = [Mails.Attempt() with { UserAgent = Agent }] }).Sent();

        Assert.Contains("Browser:        Chrome 156 on Linux\n", mail.Plain(), StringComparison.Ordinal);
        Assert.EndsWith($"User agent: {Agent}", mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Contains(Agent, mail.Html().QuerySelector("table.quiet")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Attempts_of_a_burst_are_one_line_each()
    {
        var mail = (Mails.Content(MailKind.Summary) with
        {
            Attempts =
            [
                Mails.Attempt(),
                Mails.Attempt("203.0.113.9") with { Number = 2, At = Mails.Moment.AddHours(4), Outcome = "unknown account" },
            ],
            AttemptCount = 2,
            LastAt = Mails.Moment.AddHours(4),
        }).Sent();

        Assert.Contains(
            """
            Attempts:       2
            First:          Monday, 23 November 2026 at 20:30:05 (Europe/Berlin,
                            UTC+01:00)
            Last:           Tuesday, 24 November 2026 at 00:30:05 (Europe/Berlin,
                            UTC+01:00)

            Attempt 1:      20:30:05, wrong password, from this machine (127.0.0.1),
                            Mozilla/5.0 (X11; Linux x86_64)
            Attempt 2:      24 November at 00:30:05, unknown account, from a remote
                            address (203.0.113.9), Mozilla/5.0 (X11; Linux x86_64)

            """.ReplaceLineEndings("\n"),
            mail.Plain(), StringComparison.Ordinal);
        Assert.Equal(2, mail.Html().QuerySelectorAll("table.facts")[1].QuerySelectorAll("tr").Length);
    }

    [Fact]
    public void Question_and_link_stand_in_both_texts()
    {
        var mail = (Mails.Content() with { AlertLink = Page, AnswerLink = Question }).Sent();

        Assert.Contains(
            $"\nWas it you? Answer on this page:\n{Question}\n\nOpen this alert:\n{Page}\n\nWhat to do\n", mail.Plain(),
            StringComparison.Ordinal);
        Assert.Equal(
            [
                ("Yes, it was me", Question + "&answer=ItWasMe"), ("No, it was not me", Question + "&answer=NotMe"),
                ("Open this alert", Page),
            ],
            mail.Html().QuerySelectorAll("a").Select(link => (link.TextContent, link.GetAttribute("href")!)));
    }

    [Fact]
    public void HTML_with_links_loads_nothing()
    {
        var html = (Mails.Content() with { AlertLink = Page, AnswerLink = Question }).Sent().Html();

        Assert.Empty(html.QuerySelectorAll("script, link, iframe, form, base, object, [background]"));
        Assert.All(html.QuerySelectorAll("[src]"),
            part => Assert.StartsWith("cid:", part.GetAttribute("src"), StringComparison.Ordinal));
        Assert.DoesNotContain("url(", html.DocumentElement.OuterHtml, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", html.DocumentElement.OuterHtml, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Hostile_link_text_stays_inside_its_attribute()
    {
        var html = (Mails.Content() with { AlertLink = Page + "\"><script>alert(1)</script>" }).Sent().Html();

        Assert.Empty(html.QuerySelectorAll("script"));
        Assert.Equal(Page + "\"><script>alert(1)</script>", html.QuerySelector("a")!.GetAttribute("href"));
    }

    [Fact]
    public void Test_says_what_it_is_first()
    {
        var mail = (Mails.Content() with { IsTest = true, Attempts = [Mails.Attempt("203.0.113.9")] }).Sent();

        Assert.Equal("Test: Failed sign-in to alice@example.org on porch", mail.Subject);
        Assert.StartsWith("This is a test alert", mail.Plain(), StringComparison.Ordinal);
        Assert.DoesNotContain("Nobody got in this time", mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.DoesNotContain("cannot see that person", mail.PlainOnOneLine(), StringComparison.Ordinal);
        Assert.Equal(
            "Re: Test: Failed sign-in to alice@example.org on porch",
            (Mails.Content(MailKind.LatePicture) with { IsTest = true }).Sent().Subject);
    }

    [Fact]
    public void Second_recipient_confirms_with_a_link()
    {
        const string Confirm = "https://cam.example.org/confirm_recipient?token=CfDJ8";
        var mail = (Mails.Content(MailKind.ConfirmRecipient) with { Attempts = [], Pictures = [], ConfirmLink = Confirm }).Sent();

        Assert.Contains($"Open this page to confirm:\n{Confirm}\n", mail.Plain(), StringComparison.Ordinal);
        Assert.Equal(Confirm, Assert.Single(mail.Html().QuerySelectorAll("a")).GetAttribute("href"));
    }
}
