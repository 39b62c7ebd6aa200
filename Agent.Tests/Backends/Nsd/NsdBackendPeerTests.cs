using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Nsd;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.DynamicUpdate;
using Agent.Tests.Dns.Zones;
using Agent.Tests.TestKit;

namespace Agent.Tests.Backends.Nsd;

/// <summary>The driver against the real nsd.</summary>
[Trait("Category", "Peer")]
public sealed class NsdBackendPeerTests(NsdServers servers) : IClassFixture<NsdServers>
{
    private NsdServer Server => servers[NsdServers.Socket];

    [Theory]
    [InlineData(NsdServers.Socket)]
    [InlineData(NsdServers.Tls)]
    public async Task Adds_changes_and_removes(string kind)
    {
        await using NsdTarget target = new(servers[kind]);
        DomainName zone = servers.TakeZone();

        Assert.Equal(OrderOutcome.Done, (await target.Caller.ProbeAsync()).Outcome);
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 1));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 2, hosts: 500));
        await target.AppliedEquallyAsync(SmallZone.Create(zone, 3, hosts: 0));
        await target.RemovedAsync(zone);

        Assert.False(File.Exists(FileOf(servers[kind], zone)));
        Assert.Empty(target.Caller.Surplus);
    }

    [Fact]
    public async Task Repeats_are_successes_also_of_another_process()
    {
        await using NsdTarget target = new(Server);
        await using NsdTarget second = new(Server);
        ZoneContent content = SmallZone.Create(servers.TakeZone(), 0);

        for (int round = 0; round < 3; round++)
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
    public async Task Updates_in_quick_succession_are_all_loaded()
    {
        await using NsdTarget target = new(Server);
        DomainName zone = servers.TakeZone();

        for (uint serial = 1; serial <= 60; serial++)
            await target.AppliedAsync(SmallZone.Create(zone, serial));
    }

    [Fact]
    public async Task A_hand_edit_is_found_and_put_right()
    {
        await using NsdTarget target = new(Server);
        ZoneContent content = SmallZone.Create(servers.TakeZone(), 5);
        await target.AppliedAsync(content);

        string name = content.Apex.ToString().TrimEnd('.');
        await File.WriteAllTextAsync(FileOf(Server, content.Apex), MasterZone.Create(name, 99, "evil A 192.0.2.66").ToFileText());
        (await Server.ControlAsync("reload", name)).EnsureSuccess();
        await target.ServedAsync(content.Apex, 99);
        ZoneObserved seen = await target.Caller.ObserveAsync(content.Apex);

        Assert.Contains("has not loaded serial 5", seen.Reason!.Text, StringComparison.Ordinal);
        await target.AppliedEquallyAsync(content);
    }

    [Fact]
    public async Task A_zone_that_was_taken_away_behind_our_back_comes_again()
    {
        await using NsdTarget target = new(Server);
        DomainName zone = servers.TakeZone();
        await target.AppliedAsync(SmallZone.Create(zone, 1));

        (await Server.ControlAsync("delzone", zone.ToString().TrimEnd('.'))).EnsureSuccess();
        await target.SeenAsync(zone, Observation.Absent, 0);

        await target.AppliedAsync(SmallZone.Create(zone, 2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Takes_over_a_zone_with_another_pattern(bool hasFile)
    {
        await using NsdTarget target = new(Server);
        DomainName zone = servers.TakeZone();
        string name = zone.ToString().TrimEnd('.');
        await File.WriteAllTextAsync(Path.Combine(Server.ZoneFolder, name + ".other"), MasterZone.Create(name, 99).ToFileText());
        (await Server.ControlAsync("addzone", name, NsdServer.OtherPattern)).EnsureSuccess();
        await target.ServedAsync(zone, 99);
        if (hasFile) await File.WriteAllTextAsync(FileOf(Server, zone), "old");

        await target.AppliedEquallyAsync(SmallZone.Create(zone, 3));

        string status = (await Server.ControlAsync("zonestatus", name)).EnsureSuccess().Output;
        Assert.Contains($"pattern: {NsdServer.TargetPattern}", status, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_zone_of_nsd_conf_is_left_alone(bool hasFile)
    {
        await using NsdTarget target = new(Server);
        ZoneContent content = SmallZone.Create(NsdServers.OwnZone + ".", 3);
        string file = FileOf(Server, content.Apex);
        if (hasFile) await File.WriteAllTextAsync(file, "of the operator");
        else File.Delete(file);

        Assert.Contains("nsd.conf", await target.RefusedAsync(content), StringComparison.Ordinal);
        OrderFinished removal = await target.Caller.RemoveAsync(content.Apex);

        Assert.Equal(OrderOutcome.Refused, removal.Outcome);
        Assert.Contains("nsd.conf", removal.Reason!.Text, StringComparison.Ordinal);
        await target.ServedAsync(content.Apex, 99);
        Assert.Equal(hasFile ? "of the operator" : null, File.Exists(file) ? await File.ReadAllTextAsync(file) : null);
    }

    [Fact]
    public async Task Every_type_and_hostile_names_come_back_equal_by_transfer()
    {
        await using NsdTarget target = new(Server);
        string zone = servers.TakeZone().ToString();
        string[] labels =
        [
            "\\.\\./\\.\\./etc", "a\\/b", "a\\000b", "semi\\;colon", "quo\\\"te", "a\\032b", "back\\\\slash", "new\\010line", "\\$INCLUDE",
            "\\@", "\\255\\254", "UPPER", "_srv._tcp", "*", "a.*.b", new string('x', 63),
            string.Join('.', Enumerable.Repeat(new string('y', 63), 3)),
        ];
        string[] lines =
        [
            "@ NS ns1.elsewhere.test.",
            .. RecordSamples.All().Select(sample => sample.Text),
            "odd TYPE65280 \\# 5 0102030405", "odd TYPE731 \\# 0",
            .. labels.Select((label, i) => $"{label} TXT \"{label}\" \"{i}\""),
        ];

        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 2, lines));
        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 3, lines.Where((_, i) => i == 0 || i % 2 == 1)));
        await target.AppliedEquallyAsync(UpdateTarget.Zone(zone, 4, lines));
    }

    [Fact]
    public async Task Zones_with_hostile_names_are_served_or_refused_and_touch_nothing_else()
    {
        await using NsdTarget target = new(Server);
        // What the first zone leaves stays.
        DomainName first = servers.TakeZone();
        await target.AppliedAsync(SmallZone.Create(first, 1));
        await target.RemovedAsync(first);
        HashSet<string> before = [.. Directory.GetFileSystemEntries(Server.FolderPath, "*", SearchOption.AllDirectories)];
        string label = new('a', 63);
        string[] refused =
        [
            "\\.\\./\\.\\./etc/passwd.", "a\\/b.example.", "a\\000b.example.", "semi\\;colon.example.", "quo\\\"te.example.",
            "a\\ b.example.", "back\\\\slash.example.", "new\\010line.example.", "$\\(id\\).example.",
            "%2e%2e.example.", "\\255\\254.example.", "@.", ".",
            "*.example.", $"{label}.{label}.{label}.{label[..60]}.",
        ];
        foreach (string text in refused)
        {
            DomainName zone = DomainName.Parse(text);
            OrderFinished answer = await target.Caller.ApplyAsync(zone, SmallZone.Create(zone, 1, hosts: 0));
            Assert.Equal(ReasonCode.NameNotAcceptable, answer.Reason?.Code);
            await target.RemovedAsync(zone);
        }

        foreach (string text in (string[])
        [
            "-clean.", "-flag.example.", "in.", "UPPER.Example.", "_srv._tcp.example.", $"{label}.example.",
            $"{label}.{label}.{label}.{label[..58]}.",
        ])
        {
            DomainName zone = DomainName.Parse(text);
            await target.AppliedEquallyAsync(SmallZone.Create(zone, 1, hosts: 0));
            await target.RemovedAsync(zone);
        }

        Assert.Equal(before, Directory.GetFileSystemEntries(Server.FolderPath, "*", SearchOption.AllDirectories).ToHashSet());
    }

    [Theory]
    [MemberData(nameof(NsdContentRulesTests.Objectionable), MemberType = typeof(NsdContentRulesTests))]
    public async Task What_nsd_does_not_load_is_refused_before_it_loses_the_zone(string objection, string[] lines)
    {
        await using NsdTarget target = new(Server);
        string zone = servers.TakeZone().ToString();
        await target.AppliedAsync(UpdateTarget.Zone(zone, 1, "@ NS ns1.elsewhere.test."));

        string reason = await target.RefusedAsync(UpdateTarget.Zone(zone, 2, ["@ NS ns1.elsewhere.test.", .. lines]));

        Assert.Contains(objection, reason, StringComparison.Ordinal);
        await target.ServedAsync(DomainName.Parse(zone), 1);
    }

    [Fact]
    public async Task A_pattern_that_names_another_file_is_refused_at_the_first_zone_and_leaves_nothing()
    {
        NsdOptions options = NsdTarget.OptionsOf(Server, NsdServer.OtherPattern) with { LoadPatience = TimeSpan.FromMilliseconds(500) };
        await using NsdTarget target = new(Server, options);
        ZoneContent content = SmallZone.Create(servers.TakeZone(), 1);

        string reason = await target.RefusedAsync(content);

        Assert.Contains(NsdServer.OtherPattern, reason, StringComparison.Ordinal);
        Assert.Contains($"{Server.ZoneFolder}/%s.zone", reason, StringComparison.Ordinal);
        Assert.False(File.Exists(FileOf(Server, content.Apex)));
        await target.SeenAsync(content.Apex, Observation.Absent, 0);
    }

    [Fact]
    public async Task A_pattern_of_secondaries_is_refused_at_the_first_zone_and_leaves_nothing()
    {
        await using NsdTarget target = new(Server, NsdServer.SecondaryPattern);
        ZoneContent content = SmallZone.Create(servers.TakeZone(), 1);

        Assert.Contains("has request-xfr", await target.RefusedAsync(content), StringComparison.Ordinal);
        Assert.False(File.Exists(FileOf(Server, content.Apex)));
        await target.SeenAsync(content.Apex, Observation.Absent, 0);
    }

    /// <summary>As after an order that was cut short, or a reload that nsd lost.</summary>
    [Fact]
    public async Task A_zone_that_nsd_has_without_data_is_filled()
    {
        await using NsdTarget target = new(Server);
        DomainName zone = servers.TakeZone();
        (await Server.ControlAsync("addzone", zone.ToString().TrimEnd('.'), NsdServer.TargetPattern)).EnsureSuccess();
        await Eventually.HoldsAsync(
            async () => (await target.Caller.ObserveAsync(zone)).Reason?.Text.Contains("not loaded it", StringComparison.Ordinal) == true,
            () => $"the zone is there without data\n{Server.Output}");

        await target.AppliedEquallyAsync(SmallZone.Create(zone, 1));
    }

    [Fact]
    public async Task Bursts_that_nobody_waits_for_end_at_the_last_serial()
    {
        await using NsdTarget target = new(Server);
        DomainName[] zones = [.. Enumerable.Range(0, 8).Select(_ => servers.TakeZone())];

        await Task.WhenAll(zones.Select(async zone =>
        {
            for (uint serial = 1; serial <= 25; serial++)
                await target.DoneAsync(target.Caller.ApplyAsync(zone, SmallZone.Create(zone, serial)));
        }));

        foreach (DomainName zone in zones)
            await target.ServedAsync(zone, 25);
    }

    [Fact]
    public async Task A_pattern_that_does_not_exist_is_refused_in_nsds_words()
    {
        await using NsdTarget target = new(Server, "nowhere");
        ZoneContent content = SmallZone.Create(servers.TakeZone(), 1);

        Assert.Contains("error pattern nowhere does not exist", await target.RefusedAsync(content), StringComparison.Ordinal);
        Assert.False(File.Exists(FileOf(Server, content.Apex)));
    }

    [Fact]
    public async Task Lists_what_came_over_the_control_channel_from_whomever()
    {
        await using NsdTarget target = new(Server);
        DomainName ours = servers.TakeZone();
        DomainName strange = servers.TakeZone();
        await target.AppliedAsync(SmallZone.Create(ours, 1));
        (await Server.ControlAsync("addzone", strange.ToString().TrimEnd('.'), NsdServer.OtherPattern)).EnsureSuccess();

        ServedListed listed = await target.Caller.ListAsync();

        Assert.Null(listed.Failure);
        Assert.Superset(new HashSet<DomainName> { ours, strange }, listed.Zones.ToHashSet());
        Assert.DoesNotContain(DomainName.Parse(NsdServers.OwnZone + "."), listed.Zones);
        Assert.NotNull((await target.Caller.ListAsync(maximum: 1)).Failure);
        Assert.Equal(Observation.CannotTell, (await target.Caller.ObserveAsync(strange)).Observation);
    }

    [Fact]
    public async Task Certificates_that_do_not_fit_count_as_away_and_say_so()
    {
        NsdServer server = servers[NsdServers.Tls];
        var good = (NsdControlPlace.Tls)NsdTarget.OptionsOf(server).Control;
        using TestAuthority other = new();
        (string certificate, string key) = other.Issue("client");
        (NsdControlPlace Place, string Words)[] cases =
        [
            (good with { ServerCertificate = other.CaFile }, $"is not vouched for by {other.CaFile}"),
            (good with { ClientCertificate = certificate, ClientKey = key }, "nsd"),
            (good with { ClientKey = key }, "cannot read the certificates"),
            (good with { ClientKey = "/nowhere" }, "/nowhere"),
        ];
        foreach ((NsdControlPlace place, string words) in cases)
        {
            await using NsdTarget target = new(server, NsdTarget.OptionsOf(server) with { Control = place });

            OrderFinished probe = await target.Caller.ProbeAsync();

            Assert.Equal((OrderOutcome.Away, ReasonCode.TargetAway), (probe.Outcome, probe.Reason?.Code));
            Assert.Contains(words, probe.Reason!.Text, StringComparison.Ordinal);
        }
    }

    private static string FileOf(NsdServer server, DomainName zone) =>
        Path.Combine(server.ZoneFolder, zone.ToString().TrimEnd('.') + ".zone");
}
