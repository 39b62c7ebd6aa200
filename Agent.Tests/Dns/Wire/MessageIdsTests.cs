using Agent.Dns.Wire;

namespace Agent.Tests.Dns.Wire;

public sealed class MessageIdsTests
{
    [Fact]
    public void No_piece_serves_twice_and_no_two_threads_share_one()
    {
        ushort[] first = [];
        ushort[] second = [];
        ushort[] elsewhere = [];
        OnItsOwnThread(() =>
        {
            first = Draw();
            second = Draw();
        });
        OnItsOwnThread(() => elsewhere = Draw());

        // Of 256 ids out of 65 536 some may be equal by chance, and never so many.
        Assert.All(
            [first, second, elsewhere],
            static ids => Assert.InRange(ids.Distinct().Count(), MessageIds.PieceIds - 20, MessageIds.PieceIds));
        Assert.NotEqual(first, second);
        Assert.NotEqual(first, elsewhere);
        Assert.NotEqual(second, elsewhere);
    }

    private static ushort[] Draw() => [.. Enumerable.Range(0, MessageIds.PieceIds).Select(static _ => MessageIds.Next())];

    private static void OnItsOwnThread(Action action)
    {
        Thread thread = new(() => action());
        thread.Start();
        thread.Join();
    }
}
