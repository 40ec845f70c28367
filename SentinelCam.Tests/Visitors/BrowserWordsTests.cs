using SentinelCam.Visitors;

namespace SentinelCam.Tests.Visitors;

public class BrowserWordsTests
{
    private const string Engine = "AppleWebKit/537.36 (KHTML, like Gecko)";

    [Theory]
    [InlineData("X11; Linux x86_64", Engine + " Chrome/156.0.0.0 Safari/537.36", "Chrome 156 on Linux")]
    [InlineData(
        "Windows NT 10.0; Win64; x64", Engine + " Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.80", "Edge 130 on Windows")]
    [InlineData("Windows NT 10.0; Win64; x64", Engine + " Chrome/129.0.0.0 Safari/537.36 OPR/115.0.0.0", "Opera 115 on Windows")]
    [InlineData("X11; Ubuntu; Linux x86_64; rv:132.0", "Gecko/20100101 Firefox/132.0", "Firefox 132 on Linux")]
    [InlineData("Macintosh; Intel Mac OS X 10_15_7", "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
        "Safari 18 on macOS")]
    [InlineData("iPhone; CPU iPhone OS 18_1 like Mac OS X",
        "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari 18 on iPhone")]
    [InlineData("iPad; CPU OS 18_1 like Mac OS X",
        "AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", "Chrome 131 on iPad")]
    [InlineData("Linux; Android 14; SAMSUNG SM-S918B", Engine + " SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
        "Samsung Internet 26 on Android")]
    [InlineData("Android 14; Mobile; rv:132.0", "Gecko/132.0 Firefox/132.0", "Firefox 132 on Android")]
    [InlineData("X11; CrOS x86_64 14541.0.0", Engine + " Chrome/131.0.0.0 Safari/537.36", "Chrome 131 on ChromeOS")]
    [InlineData("X11; Linux x86_64", Engine + " HeadlessChrome/131.0.0.0 Safari/537.36", "Headless Chrome 131 on Linux")]
    public void Common_browsers_are_named_as_people_name_them(string system, string products, string words) =>
        Assert.Equal(words, BrowserWords.Of($"Mozilla/5.0 ({system}) {products}"));

    [Theory]
    [InlineData("", "")]
    [InlineData("curl/8.7.1", "curl/8.7.1")]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1; Linux) Chrome/1", "Mozilla/5.0 (compatible; Googlebot/2.1;…")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) Visitor/3", "Mozilla/5.0 (X11; Linux x86_64) Visitor…")]
    [InlineData("Mozilla/5.0 (Amiga) Chrome/131.0.0.0", "Mozilla/5.0 (Amiga) Chrome/131.0.0.0")]
    [InlineData("Mozilla/5.0 (X11; Linux) Chrome/123456", "Mozilla/5.0 (X11; Linux) Chrome/123456")]
    public void Of_an_unknown_user_agent_the_beginning_is_shown(string userAgent, string words) =>
        Assert.Equal(words, BrowserWords.Of(userAgent));

    [Fact]
    public void A_hostile_user_agent_is_shortened()
    {
        var words = BrowserWords.Of("<script>" + new string('(', 100_000) + " Chrome/1/1/1/1");

        Assert.True(words.Length <= 40, words);
        Assert.StartsWith("<script>", words, StringComparison.Ordinal);
    }
}
