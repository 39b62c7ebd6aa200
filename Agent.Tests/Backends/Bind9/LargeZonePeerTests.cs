using Agent.Actors.Backends;
using Agent.Backends.Bind9;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Bind9;

/// <summary>Zones above the size from which they enter the real named step by step and in its raw format.</summary>
[Trait("Category", "Peer")]
public sealed class LargeZonePeerTests
{
    private const long Large = 64 * 1024;
    private const int ManyHosts = 3000;

    private static readonly DomainName Zone = DomainName.Parse("large.example.");

    [Fact]
    public async Task Enters_changes_shrinks_and_goes()
    {
        await using Bind9Target target = await StartAsync();
        string file = Path.Combine(target.ZoneDirectory, "large.example.zone");

        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1, ManyHosts)));
        // Done is said of a large zone when named has loaded it: no waiting here.
        Assert.Equal(1u, (await target.Caller.ObserveAsync(Zone)).Serial);
        Assert.True(RawZoneFile.IsRaw(file));
        Assert.Equal(ManyHosts + 2, await CountAsync(target));
        string shown = (await target.Server.RndcAsync("showzone", "large.example")).EnsureSuccess().Output;
        Assert.DoesNotContain("none", shown, StringComparison.Ordinal);

        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2, ManyHosts + 1)));
        Assert.Equal(2u, (await target.Caller.ObserveAsync(Zone)).Serial);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 3, hosts: 5));
        Assert.True(RawZoneFile.IsRaw(file), "a file keeps its format, because named would not take another one with a reload");
        Assert.Equal(7, await CountAsync(target));

        await target.Server.StopAsync();
        await target.Server.StartAsync();
        await target.ServedAsync(Zone, 3);
        await using Bind9Target second = target.Again();
        await second.AppliedAsync(Zone, SmallZone.Create(Zone, 4, ManyHosts));
        await second.RemovedAsync(Zone);
        Assert.Empty(Directory.GetFiles(target.ZoneDirectory));
    }

    /// <summary>
    /// This named is told to make differences of what it reloads. Of a whole zone against an apex that nobody saw it would hold up all
    /// answers and take its memory once more; later ones are as its operator wants them.
    /// </summary>
    [Fact]
    public async Task No_difference_is_made_of_the_way_in_but_of_the_next_version()
    {
        await using Bind9Target target = await StartAsync();
        string journal = Path.Combine(target.ZoneDirectory, "large.example.zone.jnl");

        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1, ManyHosts)));
        Assert.False(File.Exists(journal));

        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 2, ManyHosts + 1)));
        Assert.True(File.Exists(journal));
    }

    [Fact]
    public async Task A_small_zone_that_grows_keeps_its_text()
    {
        await using Bind9Target target = await StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1, hosts: 5));

        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 2, ManyHosts));

        Assert.False(RawZoneFile.IsRaw(Path.Combine(target.ZoneDirectory, "large.example.zone")));
        Assert.Equal(ManyHosts + 2, await CountAsync(target));
    }

    /// <summary>A text file of a zone that named lost: what is there decides nothing when the zone is added anew.</summary>
    [Fact]
    public async Task A_file_in_the_other_format_is_no_obstacle()
    {
        await using Bind9Target target = await StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1, hosts: 5));
        (await target.Server.RndcAsync("delzone", "large.example")).EnsureSuccess();
        await using Bind9Target second = target.Again();
        await second.AppliedAsync(Zone, SmallZone.Create(Zone, 2, ManyHosts));

        // And the other way: named has it raw, the file is gone, the new content is small.
        File.Delete(Path.Combine(target.ZoneDirectory, "large.example.zone"));
        await using Bind9Target third = target.Again();
        await third.AppliedAsync(Zone, SmallZone.Create(Zone, 3, hosts: 5));

        Assert.Equal(7, await CountAsync(target));
    }

    /// <summary>Killed behind the first step, or the last: named has the zone and shows it to nobody.</summary>
    [Fact]
    public async Task A_zone_that_was_left_closed_is_gone_on_with()
    {
        await using Bind9Target target = await StartAsync("notify no; allow-query { 127.0.0.1; }; allow-transfer { any; };");
        string file = Path.Combine(target.ZoneDirectory, "large.example.zone");
        await using (FileStream apex = File.Create(file))
            RawZoneFile.Write(SmallZone.Create(Zone, 6, hosts: 0), apex);
        string stanza = new ZoneStanza(target.Options.ZoneOptions).Compose(file, isRaw: true, isClosed: true);
        (await target.Server.RndcAsync("addzone", "large.example", stanza)).EnsureSuccess();
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(Zone)).Observation);

        await target.DoneAsync(target.Caller.ApplyAsync(Zone, SmallZone.Create(Zone, 7, ManyHosts)));

        Assert.Equal(7u, (await target.Caller.ObserveAsync(Zone)).Serial);
        Assert.Equal(ManyHosts + 2, await CountAsync(target));
    }

    [Fact]
    public async Task One_that_named_does_not_load_is_refused_and_can_be_removed()
    {
        await using Bind9Target target = await StartAsync();
        ZoneContent bad = BadZone.Create(Zone, 1, ManyHosts);

        OrderFinished answer = await target.Caller.ApplyAsync(Zone, bad);

        Assert.Equal(OrderOutcome.Refused, answer.Outcome);
        Assert.Contains("has not loaded serial 1 of large.example.", answer.Reason!.Text, StringComparison.Ordinal);
        await target.RemovedAsync(Zone);
        Assert.Empty(Directory.GetFiles(target.ZoneDirectory));
    }

    /// <summary>named says no more than "queued" to a reload; what can be known is told all the same.</summary>
    [Fact]
    public async Task A_version_that_named_does_not_load_is_told_with_the_serial_and_the_file()
    {
        await using Bind9Target target = await StartAsync();
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 1));

        await target.DoneAsync(target.Caller.ApplyAsync(Zone, BadZone.Create(Zone, 2, hosts: 1)));
        ZoneObserved seen = await target.Caller.ObserveAsync(Zone);

        Assert.Equal((Observation.Present, 1u), (seen.Observation, seen.Serial));
        Assert.Contains("has not loaded serial 2 from", seen.Reason!.Text, StringComparison.Ordinal);
        await target.AppliedAsync(Zone, SmallZone.Create(Zone, 3));
        Assert.Null((await target.Caller.ObserveAsync(Zone)).Reason);
    }

    private static Task<Bind9Target> StartAsync(string zoneOptions = "") =>
        Bind9Target.StartAsync(zoneOptions: zoneOptions, largeZoneBytes: Large);

    private static async Task<int> CountAsync(Bind9Target target) =>
        (await DigTool.TransferAsync(target.Server.EndPoint, "large.example.")).Count(line => line.Length > 0);

    /// <summary>A zone that no server may load: a CNAME beside other data.</summary>
    private static class BadZone
    {
        public static ZoneContent Create(DomainName zone, uint serial, int hosts)
        {
            using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
            using RecordStream records = SmallZone.Create(zone, serial, hosts).Open();
            while (records.TryRead(out StoredRecord record))
                Assert.True(builder.TryAppend(record));
            Assert.True(zone.TryPrepend("h0"u8, out DomainName? owner));
            Assert.True(builder.TryAppend(owner.Wire, RecordType.CNAME, RecordClass.IN, 300, zone.Wire));
            Assert.True(builder.TryBuild(out MemoryZoneContent? content));
            return content;
        }
    }
}
