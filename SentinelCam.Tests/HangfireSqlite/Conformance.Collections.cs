namespace SentinelCam.Tests.HangfireSqlite;

/// <summary>Sets, hashes, lists and counters.</summary>
public abstract partial class Conformance
{
    [Fact]
    public void A_set_is_ordered_by_score_and_then_by_value()
    {
        Commit(
            t => t.AddToSet("s", "c", 1), t => t.AddToSet("s", "b", 2.5), t => t.AddToSet("s", "a", 2.5),
            t => t.AddToSet("s", "d"), t => t.AddToSet("s", "c", 9), t => t.AddToSet("other", "x", 0));

        Assert.Equal(["d", "a", "b", "c"], Connection.GetRangeFromSet("s", 0, 9));
        Assert.Equal(["a", "b"], Connection.GetRangeFromSet("s", 1, 2));
        Assert.Empty(Connection.GetRangeFromSet("s", 4, 9));
        Assert.Equal(4, Connection.GetSetCount("s"));
        Assert.Equal(["a", "b", "c", "d"], Connection.GetAllItemsFromSet("s").Order());
        Assert.True(Connection.GetSetContains("s", "a"));
        Assert.False(Connection.GetSetContains("s", "A"));
        Assert.Empty(Connection.GetAllItemsFromSet("none"));
    }

    [Fact]
    public void The_lowest_of_a_set_lie_between_two_scores()
    {
        Commit(t => t.AddToSet("s", "1", 1), t => t.AddToSet("s", "2", 2), t => t.AddToSet("s", "-1", -1));
        Assert.Equal("1", Connection.GetFirstByLowestScoreFromSet("s", 0, 5));
        Assert.Equal("2", Connection.GetFirstByLowestScoreFromSet("s", 2, 2));
        Assert.Null(Connection.GetFirstByLowestScoreFromSet("s", 3, 5));
        Assert.Equal(["-1", "1"], Connection.GetFirstByLowestScoreFromSet("s", -5, 5, 2));
        Assert.Empty(Connection.GetFirstByLowestScoreFromSet("none", 0, 5, 2));
        Assert.Throws<ArgumentException>(() => Connection.GetFirstByLowestScoreFromSet("s", 1, 0));
        Assert.ThrowsAny<ArgumentException>(() => Connection.GetFirstByLowestScoreFromSet("s", 0, 1, 0));
    }

    [Fact]
    public void Sets_are_counted_together_up_to_a_limit()
    {
        Commit(t => t.AddRangeToSet("a", ["1", "2", "3"]), t => t.AddRangeToSet("b", ["1", "2"]));
        Assert.Equal(5, Connection.GetSetCount(["a", "b", "none"], 100));
        Assert.Equal(4, Connection.GetSetCount(["a", "b"], 4));
        Assert.Equal(0, Connection.GetSetCount(["a"], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Connection.GetSetCount(["a"], -1));
        Assert.Throws<ArgumentException>(() => Commit(t => t.AddRangeToSet("a", ["1", null!])));
    }

    [Fact]
    public void Items_and_whole_sets_are_removed()
    {
        Commit(t => t.AddRangeToSet("a", ["1", "2"]), t => t.AddRangeToSet("b", ["1"]));
        Commit(t => t.RemoveFromSet("a", "1"), t => t.RemoveFromSet("a", "none"), t => t.RemoveSet("b"));
        Assert.Equal(["2"], Connection.GetAllItemsFromSet("a"));
        Assert.Equal(0, Connection.GetSetCount("b"));
    }

    [Fact]
    public void A_hash_keeps_changes_and_nulls()
    {
        Connection.SetRangeInHash("h", new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" });
        Commit(t => t.SetRangeInHash("h", new Dictionary<string, string> { ["b"] = "3", ["c"] = null! }));
        var all = Connection.GetAllEntriesFromHash("h")!;
        Assert.Equal(3, all.Count);
        Assert.Equal(("1", "3"), (all["a"], all["b"]));
        Assert.Null(all["c"]);
        Assert.Equal("1", Connection.GetValueFromHash("h", "a"));
        Assert.Null(Connection.GetValueFromHash("h", "none"));
        Assert.Equal(3, Connection.GetHashCount("h"));
        Assert.Null(Connection.GetAllEntriesFromHash("none"));
        Commit(t => t.RemoveHash("h"));
        Assert.Null(Connection.GetAllEntriesFromHash("h"));
    }

    [Fact]
    public void A_list_has_the_newest_first()
    {
        Commit(t => t.InsertToList("l", "1"), t => t.InsertToList("l", "2"), t => t.InsertToList("l", "1"), t => t.InsertToList("l", "3"));
        Assert.Equal(["3", "1", "2", "1"], Connection.GetAllItemsFromList("l"));
        Assert.Equal(["1", "2"], Connection.GetRangeFromList("l", 1, 2));
        Assert.Equal(4, Connection.GetListCount("l"));
        Commit(t => t.RemoveFromList("l", "1"));
        Assert.Equal(["3", "2"], Connection.GetAllItemsFromList("l"));
        Assert.Empty(Connection.GetAllItemsFromList("none"));
    }

    [Theory]
    [InlineData(0, 1, "4,3")]
    [InlineData(1, 2, "3,2")]
    [InlineData(1, 100, "3,2,1")]
    [InlineData(4, 8, "")]
    [InlineData(2, 1, "")]
    public void A_list_is_trimmed_to_a_range(int from, int to, string left)
    {
        foreach (var value in new[] { "1", "2", "3", "4" }) Commit(t => t.InsertToList("l", value));
        Commit(t => t.TrimList("l", from, to));
        Assert.Equal(left, string.Join(',', Connection.GetAllItemsFromList("l")));
    }

    [Fact]
    public void Counters_go_up_and_down()
    {
        Commit(t => t.IncrementCounter("c"), t => t.IncrementCounter("c", TimeSpan.FromHours(1)), t => t.IncrementCounter("c"));
        Commit(t => t.DecrementCounter("c"), t => t.DecrementCounter("d", TimeSpan.FromHours(1)));
        Assert.Equal(2, Connection.GetCounter("c"));
        Assert.Equal(-1, Connection.GetCounter("d"));
        Assert.Equal(0, Connection.GetCounter("none"));
    }

    [Fact]
    public void What_has_no_end_says_so()
    {
        Commit(t => t.AddToSet("k", "1"), t => t.InsertToList("k", "1"), t => t.SetRangeInHash("k", new Dictionary<string, string> { ["a"] = "1" }));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetSetTtl("k"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetListTtl("k"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetHashTtl("k"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetHashTtl("none"));
    }

    [Fact]
    public void Sets_lists_and_hashes_expire_each_for_itself_and_are_kept_again()
    {
        Commit(t => t.AddToSet("k", "1"), t => t.InsertToList("k", "1"), t => t.SetRangeInHash("k", new Dictionary<string, string> { ["a"] = "1" }));
        Commit(t => t.ExpireSet("k", TimeSpan.FromHours(1)));
        Assert.InRange(Connection.GetSetTtl("k"), TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetListTtl("k"));
        Commit(t => t.ExpireList("k", TimeSpan.FromHours(1)), t => t.ExpireHash("k", TimeSpan.FromHours(1)));
        Assert.InRange(Connection.GetListTtl("k"), TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        Assert.InRange(Connection.GetHashTtl("k"), TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        Commit(t => t.PersistSet("k"), t => t.PersistList("k"), t => t.PersistHash("k"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetSetTtl("k"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetListTtl("k"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetHashTtl("k"));
    }

    [Fact]
    public void The_end_of_a_collection_goes_with_its_last_item()
    {
        Commit(t => t.AddToSet("k", "1"), t => t.ExpireSet("k", TimeSpan.FromHours(1)), t => t.RemoveFromSet("k", "1"), t => t.AddToSet("k", "2"));
        Commit(t => t.InsertToList("k", "1"), t => t.ExpireList("k", TimeSpan.FromHours(1)), t => t.TrimList("k", 1, 0), t => t.InsertToList("k", "2"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetSetTtl("k"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetListTtl("k"));
    }

    [Fact]
    public void What_is_not_there_does_not_expire_and_what_expires_at_once_is_gone()
    {
        Commit(t => t.ExpireSet("none", TimeSpan.FromHours(1)));
        Assert.Equal(Timeout.InfiniteTimeSpan, Connection.GetSetTtl("none"));
        Commit(t => t.AddToSet("k", "1"), t => t.ExpireSet("k", TimeSpan.Zero));
        Assert.Equal(0, Connection.GetSetCount("k"));
    }
}
