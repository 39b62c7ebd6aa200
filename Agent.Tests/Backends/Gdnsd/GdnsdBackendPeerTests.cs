using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>The driver against the real gdnsd.</summary>
[Trait("Category", "Peer")]
public sealed class GdnsdBackendPeerTests(GdnsdServerFixture fixture) : IClassFixture<GdnsdServerFixture>
{
    private GdnsdServer Server => fixture.Server;

    [Fact]
    public async Task Adds_changes_and_removes()
    {
        await using GdnsdTarget target = new(Server);
        DomainName zone = fixture.TakeZone();

        await target.AppliedEquallyAsync(SmallZone.Create(zone, 1));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 2, hosts: 500));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 3, hosts: 0));
        await target.RemovedAsync(zone);

        Assert.False(File.Exists(FileOf(zone)));
        Assert.Empty(target.Caller.Surplus);
    }

    [Fact]
    public async Task Repeats_are_successes_also_of_another_process()
    {
        await using GdnsdTarget target = new(Server);
        await using GdnsdTarget second = new(Server);
        ZoneContent content = SmallZone.Create(fixture.TakeZone(), 0);

        for (int round = 0; round < 2; round++)
        {
            await target.AppliedAsync(content);
            await second.AppliedAsync(content);
        }

        for (int round = 0; round < 2; round++)
        {
            await second.RemovedAsync(content.Apex);
            await target.RemovedAsync(content.Apex);
        }

        await target.AppliedAsync(content);
    }

    [Fact]
    public async Task A_hand_edit_is_found_and_put_right()
    {
        await using GdnsdTarget target = new(Server);
        ZoneContent content = SmallZone.Create(fixture.TakeZone(), 5);
        await target.AppliedAsync(content);

        string name = content.Apex.ToString().TrimEnd('.');
        await File.WriteAllTextAsync(FileOf(content.Apex), MasterZone.Create(name, 99, "evil A 192.0.2.66").ToFileText());
        (await Server.ControlAsync("reload-zones")).EnsureSuccess();
        ZoneObserved seen = await target.Caller.ObserveAsync(content.Apex);

        Assert.Equal((Observation.Present, 99u), (seen.Observation, seen.Serial));
        Assert.Contains("unless somebody else changed its files", seen.Reason!.Text, StringComparison.Ordinal);
        await target.AppliedEquallyAsync(content);
    }

    [Fact]
    public async Task Every_type_and_hostile_names_come_back_equal()
    {
        await using GdnsdTarget target = new(Server);
        string zone = fixture.TakeZone().ToString();
        string[] refused = ["hinfo", "rrsig", "nsec", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom", "empty", "ds"];
        string[] labels =
        [
            "\\.\\./\\.\\./etc", "a\\/b", "a\\000b", "semi\\;colon", "quo\\\"te", "a\\032b", "back\\\\slash", "new\\010line", "\\$INCLUDE",
            "\\@", "\\255\\254", "UPPER", "_srv._tcp", "*", "a.*.b", new string('x', 63),
            string.Join('.', Enumerable.Repeat(new string('y', 63), 3)),
        ];
        string[] lines =
        [
            "@ NS ns1.elsewhere.test.",
            "ds NS ns.elsewhere.example.",
            .. RecordSamples.All().Select(sample => sample.Text).Where(text => !refused.Contains(text.Split(' ')[0])),
            "odd TYPE65280 \\# 5 0102030405",
            $"long TXT {string.Join(' ', Enumerable.Repeat($"\"{new string('t', 255)}\"", 40))}",
            "caa2 TYPE257 \\# 6 00012D010203",
            .. labels.Select((label, i) => $"{label} TXT \"{label}\" \"{i}\" \"\""),
        ];

        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 2, lines));
        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 3, lines.Where((_, i) => i < 2 || i % 2 == 1)));
    }

    [Fact]
    public async Task Zones_with_hostile_names_are_served_or_refused_and_touch_nothing_else()
    {
        await using GdnsdTarget target = new(Server);
        // What the first zone leaves stays.
        DomainName first = fixture.TakeZone();
        await target.AppliedAsync(SmallZone.Create(first, 1));
        await target.RemovedAsync(first);
        string[] before = Directory.GetFileSystemEntries(Server.FolderPath, "*", SearchOption.AllDirectories);
        string label = new('a', 63);
        string[] names =
        [
            "\\.\\./\\.\\./etc/passwd.", "a\\/b.example.", "0/25.2.0.192.in-addr.arpa.", "a\\000b.example.", "semi\\;colon.example.",
            "quo\\\"te.example.", "a\\ b.example.", "back\\\\slash.example.", "new\\010line.example.", "$\\(id\\).example.",
            "%2e%2e.example.", "\\255\\254.example.", "\\@.example.", "ROOT_ZONE.", "-x.example.", "\\.hidden.example.", "UPPER.Example2.",
            $"{label}.{label}.{label}.{new string('b', 57)}.", "*.wild.example.", $"{string.Concat(Enumerable.Repeat("\\000", 63))}.x.",
        ];

        ZoneContent[] contents = [.. names.Select(name => SmallZone.Create(name, 1))];
        OrderFinished[] answers = await Task.WhenAll(contents.Select(content => target.Caller.ApplyAsync(content.Apex, content)));
        foreach ((int i, OrderFinished answer) in answers.Index())
        {
            bool isRefused = names[i][0] == '*' || names[i].Length > 255;
            Assert.Equal((names[i], isRefused ? OrderOutcome.Refused : OrderOutcome.Done), (names[i], answer.Outcome));
            if (isRefused) Assert.Equal(ReasonCode.NameNotAcceptable, answer.Reason!.Code);
            await target.SeenAsync(contents[i].Apex, isRefused ? Observation.Absent : Observation.Present, isRefused ? 0u : 1);
        }

        await Task.WhenAll(contents.Select(content => target.RemovedAsync(content.Apex)));
        Assert.Equal(before, Directory.GetFileSystemEntries(Server.FolderPath, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_zone_below_or_above_another_one_is_refused_until_that_is_gone()
    {
        await using GdnsdTarget target = new(Server);
        DomainName zone = fixture.TakeZone();
        Assert.True(zone.TryPrepend("sub"u8, out DomainName? below));
        await target.AppliedAsync(SmallZone.Create(zone, 1));

        Assert.Contains($"{below} lies below {zone}", await target.RefusedAsync(SmallZone.Create(below, 1)), StringComparison.Ordinal);
        Assert.Contains("above", await target.RefusedAsync(SmallZone.Create(zone.Parent, 1)), StringComparison.Ordinal);
        Assert.Contains("above", await target.RefusedAsync(SmallZone.Create(".", 1)), StringComparison.Ordinal);

        await target.RemovedAsync(zone);
        await target.AppliedAsync(SmallZone.Create(below, 2));
        Assert.Contains("above", await target.RefusedAsync(SmallZone.Create(zone, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_zone_whose_file_somebody_has_spelt_otherwise_is_refused()
    {
        await using GdnsdTarget target = new(Server);
        DomainName zone = fixture.TakeZone();
        string name = zone.ToString().TrimEnd('.');
        string other = Path.Combine(Server.ZoneFolder, name.ToUpperInvariant());
        await File.WriteAllTextAsync(other, MasterZone.Create(name, 99).ToFileText());
        (await Server.ControlAsync("reload-zones")).EnsureSuccess();

        string reason = await target.RefusedAsync(SmallZone.Create(zone, 1));
        await target.SeenAsync(zone, Observation.Present, 99);
        File.Delete(other);
        await target.AppliedAsync(SmallZone.Create(zone, 1));

        Assert.Contains(name.ToUpperInvariant(), reason, StringComparison.Ordinal);
    }

    private string FileOf(DomainName zone) => Path.Combine(Server.ZoneFolder, zone.ToString().TrimEnd('.'));
}
