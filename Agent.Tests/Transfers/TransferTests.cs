using System.Net;
using Agent.Actors.Transfers;
using Agent.Host.Journal;
using Agent.Host.Transfers;
using Agent.Tests.Journal;
using Agent.Bench.Peers;

namespace Agent.Tests.Transfers;

/// <summary>Transfers that come to their end, whatever the pace and the pieces.</summary>
public sealed class TransferTests
{
    private const string Name = "zone.example.";

    [Fact]
    public async Task A_small_zone_arrives_in_memory_record_for_record()
    {
        ScriptedZone zone = new(Name, 42);
        await using ScriptedMaster master = new(zone);
        await using var masters = new MasterClientFixture();
        TransferCompleted done = masters.Transfer(master.EndPoint, Name);
        Assert.Equal(MasterClientFixture.Expected(zone), TestZones.ReadAll(done.Content));
        Assert.Equal((42u, 6L), (done.Content.Serial, done.Content.RecordCount));
        Assert.Equal((1L, 6L, 0L), (done.Statistics.Messages, done.Statistics.Records, done.Statistics.DroppedRecords));
        Assert.Empty(masters.SpoolFiles);
        Assert.Equal(0, Assert.Single(master.Queries).Message[11]);
    }

    [Fact]
    public async Task A_large_zone_arrives_in_a_file_that_the_journal_takes_over()
    {
        ScriptedZone zone = new(Name, 42, hosts: 20_000);
        await using ScriptedMaster master = new(zone);
        await using var masters = new MasterClientFixture();
        TransferCompleted done = masters.Transfer(master.EndPoint, Name);
        FileZoneContent content = Assert.IsType<FileZoneContent>(done.Content);
        Assert.Equal([content.FilePath], masters.SpoolFiles);
        Assert.Equal(MasterClientFixture.Expected(zone), TestZones.ReadAll(content));
        Assert.True(done.Statistics.Messages > 10);
        Assert.True(done.Statistics.Bytes > content.ByteCount);

        using var journal = new SqliteJournalFixture();
        journal.Commit(new Actors.Journal.PutZone(TestZones.Row(Name, 1, content)));
        Assert.Empty(masters.SpoolFiles);
        Assert.Equal(MasterClientFixture.Expected(zone), TestZones.ReadAll(journal.LoadOne(Name).Content!));
    }

    [Fact]
    public async Task One_record_per_message_is_a_zone_too()
    {
        ScriptedZone zone = new(Name, 7, hosts: 500);
        await using ScriptedMaster master = new(query =>
            zone.Body.Prepend(zone.Soa).Append(zone.Soa).Select(record => new MasterStep.Send(ScriptedZone.Response(query, 0, record))));
        await using var masters = new MasterClientFixture();
        TransferCompleted done = masters.Transfer(master.EndPoint, Name);
        Assert.Equal(MasterClientFixture.Expected(zone), TestZones.ReadAll(done.Content));
        Assert.Equal(504, done.Statistics.Messages);
    }

    [Fact]
    public async Task Pieces_may_be_cut_anywhere_and_life_is_shown()
    {
        ScriptedZone zone = new(Name, 7, hosts: 40);
        await using ScriptedMaster master = new(query =>
            MasterClientFixture.Dripping(zone, query, 131, TimeSpan.FromMilliseconds(40)));
        await using var masters = new MasterClientFixture();
        long id = masters.Begin(master.EndPoint, Name);
        TransferMoving moving = masters.Probe.Expect<TransferMoving>();
        Assert.Equal(id, moving.Id);
        Assert.InRange(moving.Bytes, 1, 10_000);
        TransferCompleted done = Assert.IsType<TransferCompleted>(masters.ExpectFinal());
        Assert.Equal(MasterClientFixture.Expected(zone), TestZones.ReadAll(done.Content));
    }

    [Fact]
    public async Task A_message_larger_than_what_is_received_at_once_is_put_together()
    {
        ScriptedZone zone = new(Name, 7, hosts: 1200);
        await using ScriptedMaster master = new(query =>
            [new MasterStep.Send(ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body, zone.Soa]))]);
        await using var masters = new MasterClientFixture();
        TransferCompleted done = masters.Transfer(master.EndPoint, Name);
        Assert.Equal(1, done.Statistics.Messages);
        Assert.True(done.Statistics.Bytes > 40_000);
        Assert.Equal(MasterClientFixture.Expected(zone), TestZones.ReadAll(done.Content));
    }

    [Fact]
    public async Task One_connection_carries_zone_after_zone()
    {
        ScriptedZone zone = new(Name, 1, hosts: 2000);
        await using ScriptedMaster master = new(zone);
        await using var masters = new MasterClientFixture();
        for (uint serial = 1; serial <= 10; serial++)
        {
            zone.Serial = serial;
            Assert.Equal(serial, masters.Transfer(master.EndPoint, Name).Content.Serial);
        }
        Assert.Equal((10, 1), (master.Queries.Count, master.ConnectionsAccepted));
    }

    [Fact]
    public async Task An_idle_connection_is_given_up_before_the_master_closes_it()
    {
        ScriptedZone zone = new(Name, 1);
        await using ScriptedMaster master = new(zone);
        await using var masters = new MasterClientFixture(new MasterClientOptions { ConnectionReuse = TimeSpan.FromMilliseconds(1) });
        masters.Transfer(master.EndPoint, Name);
        await Eventually.HoldsAsync(() => master.ConnectionsOpen == 0, () => "the client closes");
    }

    [Fact]
    public async Task A_kept_connection_that_the_master_closes_on_is_replaced_without_a_failure()
    {
        ScriptedZone zone = new(Name, 1);
        var served = new HashSet<IPEndPoint>();
        await using ScriptedMaster master = new(query => served.Add(query.Client) ? zone.Answer(query) : [new MasterStep.Close()]);
        await using var masters = new MasterClientFixture();
        masters.Transfer(master.EndPoint, Name);
        masters.Transfer(master.EndPoint, Name);
        Assert.Equal((3, 2), (master.Queries.Count, master.ConnectionsAccepted));
    }

    /// <summary>What a master said too much about one zone costs the next one no failure, whenever it comes.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_kept_connection_that_brings_something_else_first_is_replaced_without_a_failure(bool isMessage)
    {
        ScriptedZone zone = new(Name, 1);
        var served = new HashSet<IPEndPoint>();
        await using ScriptedMaster master = new(query => served.Add(query.Client)
            ? zone.Answer(query)
            : [isMessage ? new MasterStep.Send(Late(query)) : new MasterStep.SendOctets([0, 3, 1, 2, 3]), .. zone.Answer(query)]);
        await using var masters = new MasterClientFixture();
        masters.Transfer(master.EndPoint, Name);
        masters.Transfer(master.EndPoint, Name);
        Assert.Equal((3, 2), (master.Queries.Count, master.ConnectionsAccepted));

        byte[] Late(MasterQuery query)
        {
            byte[] message = ScriptedZone.Response(query, 0, zone.Soa);
            message[0] ^= 1;
            return message;
        }
    }

    [Fact]
    public async Task A_master_that_hangs_up_on_slow_readers_is_drained_while_the_disk_stands_still()
    {
        ScriptedZone zone = new(Name, 1, hosts: 400_000);
        var disk = new StalledDisk();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedMaster master = new(Script);
        await using var masters = new MasterClientFixture(createFile: disk.Create);
        masters.Begin(master.EndPoint, Name);

        // All of it, far more than the socket buffers hold, leaves the master although not one byte reaches the disk.
        await disk.Reached.WaitAsync(Eventually.Deadline);
        await sent.Task.WaitAsync(Eventually.Deadline);
        disk.Release();
        TransferCompleted done = Assert.IsType<TransferCompleted>(masters.ExpectFinal());
        Assert.Equal(400_003, done.Content.RecordCount);
        Assert.True(done.Statistics.Bytes > 12_000_000);

        IEnumerable<MasterStep> Script(MasterQuery query)
        {
            foreach (MasterStep step in zone.Answer(query))
                yield return step;
            sent.SetResult();
        }
    }

    [Fact]
    public async Task Records_outside_the_zone_are_dropped_and_counted()
    {
        ScriptedZone zone = new(Name, 3);
        byte[] foreign = DnsTestMessage.Record("www.elsewhere.test.", 1, 300, [192, 0, 2, 1]);
        await using ScriptedMaster master = new(query =>
            [new MasterStep.Send(ScriptedZone.Response(query, 0, [zone.Soa, .. zone.Body, foreign, zone.Soa]))]);
        await using var masters = new MasterClientFixture();
        TransferCompleted done = masters.Transfer(master.EndPoint, Name);
        Assert.Equal(1, done.Statistics.DroppedRecords);
        Assert.Equal(MasterClientFixture.Expected(zone), TestZones.ReadAll(done.Content));
    }

    [Fact]
    public async Task A_large_zone_that_moves_may_take_longer_than_the_total_time()
    {
        ScriptedZone zone = new(Name, 3, hosts: 120);
        await using ScriptedMaster master = new(query =>
            MasterClientFixture.Dripping(zone, query, 400, TimeSpan.FromMilliseconds(300)));
        await using var masters = new MasterClientFixture();
        // The first piece has to come within it, on a busy machine too; all of them take longer.
        TransferLimits limits = MasterClientFixture.Generous with
        {
            TotalTimeout = TimeSpan.FromSeconds(1),
            MinimumBytesPerSecond = 1,
        };
        Assert.Equal(3u, masters.Transfer(master.EndPoint, Name, limits).Content.Serial);
    }

    [Fact]
    public async Task Many_at_once_are_each_answered_once()
    {
        ScriptedZone zone = new(Name, 3, hosts: 300);
        await using ScriptedMaster master = new(zone);
        await using var masters = new MasterClientFixture();
        HashSet<long> wanted = [.. Enumerable.Range(0, 40).Select(_ => masters.Begin(master.EndPoint, Name))];
        while (wanted.Count > 0)
            Assert.True(wanted.Remove(Assert.IsType<TransferCompleted>(masters.ExpectFinal()).Id));
    }

    private sealed class StalledDisk
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();

        public Task Reached => _reached.Task;

        public void Release() => _released.Set();

        public Stream Create(string path)
        {
            _reached.TrySetResult();
            Assert.True(_released.Wait(Eventually.Deadline));
            return new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        }
    }
}
