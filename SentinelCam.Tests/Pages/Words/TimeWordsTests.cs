using System.Globalization;
using SentinelCam.Pages;

namespace SentinelCam.Tests.Pages;

public class TimeWordsTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 22, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("2030-01-01T22:59:59Z", "today at 23:59")]
    [InlineData("2030-01-01T23:00:00Z", "tomorrow at 00:00")]
    [InlineData("2029-12-31T22:30:00Z", "yesterday at 23:30")]
    [InlineData("2029-12-30T22:30:00Z", "30 Dec 2029 at 23:30")]
    [InlineData("2030-03-05T08:05:00Z", "5 Mar at 09:05")]
    public void A_time_is_said_by_the_day_that_it_has_in_the_readers_zone(string time, string words)
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("one hour east", TimeSpan.FromHours(1), null, null);

        Assert.Equal(words, TimeWords.Say(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), zone, Now));
    }

    [Theory]
    [InlineData(-5, "just now")]
    [InlineData(59, "just now")]
    [InlineData(60, "1 minute ago")]
    [InlineData(359, "5 minutes ago")]
    [InlineData(3_600, "1 hour ago")]
    [InlineData(86_399, "23 hours ago")]
    [InlineData(86_400, null)]
    public void A_recent_time_is_said_by_its_age(int seconds, string? words) =>
        Assert.Equal(words, TimeWords.Ago(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("2030-01-01T13:46:08Z", "at 13:46")]
    [InlineData("2029-12-31T13:46:08Z", "yesterday at 13:46")]
    public void A_time_of_today_needs_no_day(string time, string words) => Assert.Equal(
        words, TimeWords.Clock(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), TimeZoneInfo.Utc, Now));

    [Fact]
    public void Seconds_are_said_where_they_matter_and_the_exact_time_is_UTC()
    {
        var time = new DateTimeOffset(2030, 1, 1, 13, 46, 8, 250, TimeSpan.FromHours(1));

        Assert.Equal("today at 12:46:08", TimeWords.Say(time, TimeZoneInfo.Utc, Now, seconds: true));
        Assert.Equal("1 Jan 2030 at 12:46:08.250 UTC", TimeWords.Exact(time));
    }
}
