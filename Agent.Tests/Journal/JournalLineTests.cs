using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Dns.Wire;
using Agent.Tests.TestKit;
using static Agent.Tests.Journal.TestZones;

namespace Agent.Tests.Journal;

/// <summary>What goes into the next batch while more waits than one takes.</summary>
public sealed class JournalLineTests : TestKitBase
{
    private const int BatchMax = 16;
    private const string Another = "another.example.";

    private readonly JournalLine _line = new();
    private long _ids;

    [Fact]
    public void A_zone_beside_a_crowd_is_in_the_next_batch_with_all_that_it_had_waiting_in_its_order()
    {
        Crowd(50);
        History(Another, "before");
        Crowd(50);
        Write(Another, 7);
        History(Another, "behind");
        foreach (int i in Enumerable.Range(0, 300)) History($"z{i % 40}.example.", "of the crowd");

        JournalEntry[] batch = Batch();
        Assert.Equal(BatchMax, batch.Length);
        JournalEntry[] another = [.. batch.Where(e => e.Zone == DomainName.Parse(Another))];
        Assert.Equal(["before", "7", "behind"], another.Select(e => e is ZoneEvent line ? line.Text : Number(e).ToString("D", null)));
    }

    [Fact]
    public void The_oldest_have_half_of_each_batch_however_much_comes()
    {
        Crowd(200);
        List<JournalEntry> written = [];
        for (int batches = 1; batches <= 200 / (BatchMax / 2); batches++)
        {
            Crowd(BatchMax);
            written.AddRange(Batch());
            int oldest = batches * BatchMax / 2;
            Assert.Equal(Enumerable.Range(1, oldest), written.Select(Number).Where(n => n <= oldest).Distinct().Order());
        }
    }

    [Fact]
    public void All_is_taken_once_and_each_zone_in_its_order()
    {
        var random = new KernelRandom(11);
        Dictionary<string, long> last = [];
        int taken = 0;
        int asked = 0;
        while (asked < 3000 || _line.Count > 0)
        {
            for (int i = random.Next(2 * BatchMax); asked < 3000 && i >= 0; i--, asked++)
            {
                string zone = $"z{random.Next(60)}.example.";
                long id = ++_ids;
                _line.Join(new Append(random.Next(2) * id, 1, [new PutZone(Row(zone, id))]), Sys.DeadLetters);
            }

            foreach (JournalEntry entry in Batch())
            {
                taken++;
                long generation = ((PutZone)entry).Row.Generation;
                Assert.True(generation > last.GetValueOrDefault(entry.Zone.ToString()), $"{entry.Zone}: {generation} comes late");
                last[entry.Zone.ToString()] = generation;
            }
        }

        Assert.Equal(3000, taken);
        Assert.False(_line.IsAwaited);
    }

    [Fact]
    public void While_a_read_waits_nothing_overtakes()
    {
        Crowd(20);
        _line.Join(new AskZoneRow(DomainName.Parse("z1.example.")), Sys.DeadLetters);
        Write(Another, 7);
        Crowd(20);
        Assert.Equal(Enumerable.Range(1, BatchMax), Batch().Select(Number));
        Assert.Equal(Enumerable.Range(BatchMax + 1, 20 - BatchMax), Batch().Select(Number));
        Assert.True(_line.TryTakeRead(out (object Request, IActorRef Sender) read));
        Assert.IsType<AskZoneRow>(read.Request);
        Assert.Equal(7, Number(Batch()[0]));
    }

    [Fact]
    public void A_zone_with_more_waiting_than_there_is_room_for_keeps_its_turn()
    {
        foreach (int i in Enumerable.Range(0, BatchMax)) History(Another, $"{i}");
        Crowd(BatchMax);
        Write(Another, 7);
        // The first half is its own; of what came last only itself, for which there is no room with the rest.
        Assert.Equal(Enumerable.Range(0, BatchMax), Batch().OfType<ZoneEvent>().Select(e => int.Parse(e.Text, null)));
        Assert.Contains(Batch(), e => e.Zone == DomainName.Parse(Another));
    }

    private static int Number(JournalEntry entry) => (int)((PutZone)entry).Row.Generation;

    private void Crowd(int zones)
    {
        for (int i = 0; i < zones; i++) Write($"z{_ids}.example.", _ids + 1);
    }

    private void Write(string zone, long generation) =>
        _line.Join(new Append(++_ids, 1, [new PutZone(Row(zone, generation))]), Sys.DeadLetters);

    private void History(string zone, string text) =>
        _line.Join(new Append(0, 1, [new ZoneEvent(DomainName.Parse(zone), Noon, "transferred", text)]), Sys.DeadLetters);

    private JournalEntry[] Batch()
    {
        List<JournalEntry> entries = [];
        _line.TakeBatch(BatchMax, (append, _) => entries.AddRange(append.Entries));
        return [.. entries];
    }
}
