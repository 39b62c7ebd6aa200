using Agent.Host.Sockets;

namespace Agent.Tests.Sockets;

/// <summary>The octets of queries that may have to be asked again.</summary>
public sealed class KeptQueriesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(60_000)]
    public void Each_is_kept_beside_the_others_until_it_is_forgotten(int octets)
    {
        var kept = new KeptQueries(capacity: 3, octetsMax: 1 << 20);
        byte[][] queries = [.. Enumerable.Range(0, 3).Select(slot => Enumerable.Repeat((byte)(slot + 1), octets).ToArray())];
        for (int round = 0; round < 2; round++)
        {
            for (int slot = 0; slot < 3; slot++) kept.Keep(slot, queries[slot]);
            for (int slot = 0; slot < 3; slot++) Assert.Equal(queries[slot], kept.Query(slot).ToArray());
            Assert.Equal((true, false), (kept.TryAskAgain(1), kept.TryAskAgain(1)));
            for (int slot = 0; slot < 3; slot++) kept.Forget(slot);
        }
    }

    [Fact]
    public void All_together_are_bounded_and_a_single_one_never_waits()
    {
        var kept = new KeptQueries(capacity: 3, octetsMax: 100);
        Assert.True(kept.HasRoom(60_000));
        kept.Keep(0, new byte[60]);
        Assert.Equal((true, false), (kept.HasRoom(40), kept.HasRoom(41)));
        kept.Forget(0);
        Assert.True(kept.HasRoom(60_000));
    }

    [Fact]
    public void Queries_of_the_usual_size_allocate_nothing()
    {
        var kept = new KeptQueries(capacity: 64, octetsMax: 1 << 20);
        byte[] query = new byte[60];
        Assert.InRange(AllocatedByRound(), 1, 64 * 1024);
        Assert.Equal(0, AllocatedByRound());

        long AllocatedByRound()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int slot = 0; slot < 64; slot++) kept.Keep(slot, query);
            for (int slot = 0; slot < 64; slot++) kept.Forget(slot);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
