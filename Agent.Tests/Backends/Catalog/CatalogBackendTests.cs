using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Catalog;
using Agent.Bench.Peers;
using Agent.Dns.Catalogs;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Catalog;

/// <summary>The driver before consumers that keep the rules, or do not.</summary>
public sealed class CatalogBackendTests : IAsyncDisposable
{
    private static readonly DomainName Name = DomainName.Parse("catalog.example.");
    private static readonly DomainName One = DomainName.Parse("one.example.");
    private static readonly DomainName Two = DomainName.Parse("two.example.");

    private readonly TemporaryFolder _folder = new("produced");
    private readonly CatalogFollower _follower = new();
    private readonly List<IAsyncDisposable> _started = [];
    private CatalogBackend _backend = null!;

    private string KeptFile => _folder.Combine("catalog.example.zone");

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable started in _started) await started.DisposeAsync();
        await _follower.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_zone_is_there_when_the_consumers_serve_it_and_gone_when_they_do_not()
    {
        BackendCaller caller = Start();

        await AppliedAsync(caller, One, 5);
        await SeesAsync(caller, One, Observation.Present, 5);
        await AppliedAsync(caller, One, 6);
        await SeesAsync(caller, One, Observation.Present, 6);
        await AppliedAsync(caller, Two, 1);
        Assert.Equal([One, Two], (await caller.ListAsync()).Zones.Order());
        await RemovedAsync(caller, One);
        await SeesAsync(caller, One, Observation.Absent, 0);

        Assert.Equal([Two], Members().Select(member => member.Zone));
        await Eventually.HoldsAsync(() => _follower.CountOfNews(Name) > 0 && _follower.CountOfNews(One) > 0, () => "news");
    }

    [Fact]
    public async Task Many_changes_share_versions_and_each_step_leads_on()
    {
        BackendCaller caller = Start();
        DomainName[] zones = [.. Enumerable.Range(0, 200).Select(i => DomainName.Parse($"z{i}.many.example."))];

        await Task.WhenAll(zones.Select(zone => AppliedAsync(caller, zone, 1)));

        CatalogVersion version = _backend.Catalog.Published!;
        Assert.Equal(zones.Order(), Members().Select(member => member.Zone).Order());
        Assert.InRange(version.Steps.Count, 1, zones.Length - 1);
        Assert.Equal(zones.Length, version.Steps.Sum(step => step.Differences.AddedCount));
        Assert.Equal(version.Content.Hash, version.Steps[0].To);
        foreach ((CatalogStep later, CatalogStep earlier) in version.Steps.Zip(version.Steps.Skip(1)))
            Assert.Equal((earlier.To, earlier.Differences.ToSerial), (later.From, later.Differences.FromSerial));
    }

    [Fact]
    public async Task A_zone_that_comes_back_before_it_was_seen_gone_begins_anew()
    {
        BackendCaller caller = Start();
        await AppliedAsync(caller, One, 5);
        await SeesAsync(caller, One, Observation.Present, 5);
        string before = LabelOf(One);
        _follower.Follows = false;
        await RemovedAsync(caller, One);
        await SeesAsync(caller, One, Observation.Present, 5);

        await AppliedAsync(caller, One, 2);
        Assert.NotEqual(before, LabelOf(One));
        _follower.Follows = true;
        await SeesAsync(caller, One, Observation.Present, 2);

        await RemovedAsync(caller, One);
        await SeesAsync(caller, One, Observation.Absent, 0);
        await AppliedAsync(caller, One, 1);
        Assert.Equal(before, LabelOf(One));
    }

    [Fact]
    public async Task An_older_content_is_given_under_another_label()
    {
        BackendCaller caller = Start();
        await AppliedAsync(caller, One, 5);
        await SeesAsync(caller, One, Observation.Present, 5);

        await AppliedAsync(caller, One, 4);

        await SeesAsync(caller, One, Observation.Present, 4);
    }

    [Fact]
    public async Task The_next_run_goes_on_from_what_was_published_and_from_the_journal()
    {
        BackendCaller caller = Start();
        await AppliedAsync(caller, One, 5);
        await AppliedAsync(caller, One, 4);
        await AppliedAsync(caller, Two, 1);
        string label = LabelOf(One);
        uint serial = _backend.Catalog.Published!.Content.Serial;

        BackendCaller same = Start();
        await SeesAsync(same, One, Observation.Present, 4);
        Assert.Equal((serial, label), (_backend.Catalog.Published!.Content.Serial, LabelOf(One)));

        BackendCaller other = Start(wanted: [Two, Name, DomainName.Parse("three.example.")]);
        await SeesAsync(other, One, Observation.Absent, 0);
        Assert.Equal([DomainName.Parse("three.example."), Two], Members().Select(member => member.Zone).Order());
        Assert.True(SerialNumber.IsNewer(_backend.Catalog.Published!.Content.Serial, serial));
    }

    [Fact]
    public async Task A_catalog_that_was_lost_is_made_anew_with_a_newer_serial_and_the_same_labels()
    {
        BackendCaller caller = Start();
        for (uint serial = 1; serial <= 30; serial++) await AppliedAsync(caller, DomainName.Parse($"z{serial}.example."), serial);
        await SeesAsync(caller, DomainName.Parse("z1.example."), Observation.Present, 1);
        uint before = _backend.Catalog.Published!.Content.Serial;
        string[] labels = [.. Members().Select(member => member.Label).Order(StringComparer.Ordinal)];
        File.Delete(KeptFile);

        BackendCaller next = Start();

        await SeesAsync(next, DomainName.Parse("z30.example."), Observation.Present, 30);
        Assert.True(SerialNumber.IsNewer(_backend.Catalog.Published!.Content.Serial, before));
        Assert.Equal(labels, Members().Select(member => member.Label).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_catalog_that_was_damaged_is_never_published()
    {
        await File.WriteAllTextAsync(KeptFile, "catalog.example. 0 IN SOA invalid. invalid. 1 2 3 4\n");
        BackendCaller caller = Start();

        OrderFinished answer = await caller.ApplyAsync(One, SmallZone.Create(One, 1));

        Assert.Equal((OrderOutcome.Away, ReasonCode.TargetAway), (answer.Outcome, answer.Reason!.Code));
        Assert.Contains(KeptFile, answer.Reason.Text, StringComparison.Ordinal);
        Assert.Null(_backend.Catalog.Published);
    }

    [Theory]
    [InlineData(0, Observation.Absent)]
    [InlineData(1, Observation.Present)]
    public async Task As_many_consumers_as_the_quorum_says_must_serve_it(int quorum, Observation seen)
    {
        await using CatalogFollower idle = new() { Follows = false };
        BackendCaller caller = Start(quorum, others: idle.EndPoint);
        await AppliedAsync(caller, One, 5);

        await SeesAsync(caller, One, seen, seen == Observation.Present ? 5u : 0);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(0, 500)]
    [InlineData(1, 500)]
    public async Task A_consumer_with_another_serial_does_not_serve_the_change_be_it_older_or_newer(int quorum, uint other)
    {
        await using CatalogFollower idle = new() { Follows = false };
        idle.Hold(SmallZone.Create(One, other));
        BackendCaller caller = Start(quorum, others: idle.EndPoint);
        await AppliedAsync(caller, One, 6);

        ZoneObserved seen = await caller.ObserveAsync(One, wantedSerial: 6);
        ZoneObserved before = await caller.ObserveAsync(One, wantedSerial: 5);

        Assert.Equal((Observation.Present, quorum == 1 ? 6 : other), (seen.Observation, seen.Serial));
        Assert.Equal(quorum != 1, seen.Reason?.Text.Contains($"{idle.EndPoint} serial {other}", StringComparison.Ordinal) ?? false);

        // What was wanted before is settled by the newer one that they have, and not by them.
        Assert.Equal(Observation.Present, before.Observation);
        Assert.NotEqual(5u, before.Serial);
    }

    [Fact]
    public async Task A_consumer_with_a_newer_serial_begins_anew_when_the_change_is_given_again()
    {
        BackendCaller caller = Start();
        await AppliedAsync(caller, One, 5);
        await SeesAsync(caller, One, Observation.Present, 5);
        _follower.Edit(SmallZone.Create(One, 500));
        await AppliedAsync(caller, One, 6);
        Assert.Equal(500u, (await caller.ObserveAsync(One, wantedSerial: 6)).Serial);

        await AppliedAsync(caller, One, 6);

        Assert.Equal(6u, (await caller.ObserveAsync(One, wantedSerial: 6)).Serial);
    }

    [Fact]
    public async Task What_a_consumer_serves_without_the_catalog_is_neither_level_nor_absent()
    {
        _follower.Hold(SmallZone.Create(One, 5));
        BackendCaller caller = Start();

        await SeesAsync(caller, One, Observation.CannotTell, 0);

        await RemovedAsync(caller, One);
        await SeesAsync(caller, One, Observation.Present, 5);
    }

    [Fact]
    public async Task The_catalog_itself_is_no_member()
    {
        BackendCaller caller = Start();
        await AppliedAsync(caller, One, 5);
        await SeesAsync(caller, One, Observation.Present, 5);

        OrderFinished answer = await caller.ApplyAsync(Name, SmallZone.Create(Name, 1));

        Assert.Equal((OrderOutcome.Refused, ReasonCode.NameNotAcceptable), (answer.Outcome, answer.Reason!.Code));
        await RemovedAsync(caller, Name);
        await SeesAsync(caller, Name, Observation.Absent, 0);
        Assert.Equal([One], Members().Select(member => member.Zone));
    }

    [Fact]
    public async Task It_is_away_while_too_few_consumers_answer()
    {
        EndPoint nobody = new IPEndPoint(IPAddress.Loopback, LoopbackPort.Next());

        Assert.Equal(OrderOutcome.Away, (await Start(others: nobody).ProbeAsync()).Outcome);
        Assert.Equal(OrderOutcome.Done, (await Start(quorum: 1, others: nobody).ProbeAsync()).Outcome);
    }

    [Fact]
    public async Task A_consumer_with_a_key_hears_signed_news_only()
    {
        TsigKey key = new(DomainName.Parse("consumers."), TsigAlgorithm.HmacSha256, "one secret"u8);
        _follower.Key = key;
        BackendCaller caller = Start(key: key);
        await AppliedAsync(caller, One, 5);
        await Eventually.HoldsAsync(
            () => _follower.CountOfNews(Name) > 0 && _follower.CountOfNews(One) > 0, () => "it is told of the catalog and of the zone");

        _follower.Key = new TsigKey(key.Name, TsigAlgorithm.HmacSha256, "another secret"u8);
        _follower.Follows = false;
        await AppliedAsync(caller, One, 6);

        ZoneObserved seen = new(0, default, 0, null);
        await Eventually.HoldsAsync(
            async () => (seen = await caller.ObserveAsync(One)).Reason?.Text.Contains("BADSIG", StringComparison.Ordinal) == true,
            () => $"why it is behind is told: {seen}");
        Assert.Equal((Observation.Present, 5u, ReasonCode.VerifyStale), (seen.Observation, seen.Serial, seen.Reason!.Code));
        Assert.Equal(1, _follower.CountOfNews(One));
    }

    [Fact]
    public async Task A_consumer_that_lost_a_zone_is_given_the_catalog_anew_and_nothing_else_changes()
    {
        BackendCaller caller = Start();
        await AppliedAsync(caller, One, 5);
        await SeesAsync(caller, One, Observation.Present, 5);
        (string label, uint serial) = (LabelOf(One), _backend.Catalog.Published!.Content.Serial);
        _follower.Lose(One);

        await AppliedAsync(caller, One, 5);

        await SeesAsync(caller, One, Observation.Present, 5);
        Assert.Equal(label, LabelOf(One));
        Assert.True(SerialNumber.IsNewer(_backend.Catalog.Published!.Content.Serial, serial));
    }

    [Fact]
    public async Task One_that_is_lost_behind_a_change_that_is_done_is_given_again_at_once_and_once()
    {
        await using CatalogFollower idle = new() { Follows = false };
        BackendCaller caller = Start(others: idle.EndPoint);
        await AppliedAsync(caller, One, 5);
        await SeesAsync(caller, One, Observation.Absent, 0);
        (string label, uint serial) = (LabelOf(One), _backend.Catalog.Published!.Content.Serial);
        _follower.Lose(One);

        await SeesAsync(caller, One, Observation.Absent, 0);
        uint again = _backend.Catalog.Published!.Content.Serial;
        await SeesAsync(caller, One, Observation.Absent, 0);

        Assert.NotNull(_follower.Read(One));
        Assert.True(SerialNumber.IsNewer(again, serial));
        Assert.Equal((again, label), (_backend.Catalog.Published!.Content.Serial, LabelOf(One)));
    }

    [Fact]
    public async Task One_that_consumers_have_not_come_to_yet_or_begin_anew_with_is_not_taken_for_lost()
    {
        BackendCaller caller = Start();
        _follower.Follows = false;
        await AppliedAsync(caller, One, 5);
        int given = _backend.Catalog.Published!.Steps.Count;
        await SeesAsync(caller, One, Observation.Absent, 0);
        await SeesAsync(caller, One, Observation.Absent, 0);
        Assert.Equal(given, _backend.Catalog.Published!.Steps.Count);
        _follower.Follows = true;
        await SeesAsync(caller, One, Observation.Present, 5);

        await AppliedAsync(caller, One, 4);
        given = _backend.Catalog.Published!.Steps.Count;
        _follower.Follows = false;
        _follower.Lose(One);
        await SeesAsync(caller, One, Observation.Absent, 0);

        Assert.Equal(given, _backend.Catalog.Published!.Steps.Count);
    }

    [Fact]
    public async Task Closing_waits_for_what_is_under_way_and_nothing_begins_afterwards()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<IReadOnlyCollection<DomainName>> journal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new CatalogOptions(Name, [new(_follower.EndPoint)], _folder.FullPath)
        {
            ReadWanted = closing =>
            {
                closing.Register(() => asked.TrySetResult());
                begun.TrySetResult();
                return journal.Task;
            },
        };
        CatalogBackend backend = new(options, TimeProvider.System);
        Task<OrderFinished> apply = new BackendCaller(backend).ApplyAsync(One, SmallZone.Create(One, 1));

        await begun.Task.WaitAsync(Eventually.Deadline);
        Task closed = backend.DisposeAsync().AsTask();
        await asked.Task.WaitAsync(Eventually.Deadline);
        Assert.Equal(OrderOutcome.Away, (await apply).Outcome);
        Assert.False(closed.IsCompleted);
        journal.SetResult([Two]);
        await closed;

        Assert.False(File.Exists(KeptFile));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => backend.Catalog.VersionAsync(CancellationToken.None));
    }

    private BackendCaller Start(int quorum = 0, DomainName[]? wanted = null, TsigKey? key = null, params EndPoint[] others)
    {
        CatalogConsumer first = new(_follower.EndPoint, key is null ? null : () => key);
        var options = new CatalogOptions(Name, [first, .. others.Select(other => new CatalogConsumer(other))], _folder.FullPath)
        {
            Quorum = quorum,
            ReadWanted = _ => wanted is null ? _follower.WantedAsync() : Task.FromResult<IReadOnlyCollection<DomainName>>(wanted),
        };
        _backend = new CatalogBackend(options, TimeProvider.System);
        IZoneBackend fed = _follower.Feed(_backend);
        _started.Add(fed);
        return new BackendCaller(fed);
    }

    private IReadOnlyList<CatalogMember> Members() => CatalogReader.Read(_backend.Catalog.Published!.Content, 1000).Catalog!.Members;

    private string LabelOf(DomainName zone) => Members().Single(member => member.Zone == zone).Label;

    private static async Task AppliedAsync(BackendCaller caller, DomainName zone, uint serial)
    {
        OrderFinished answer = await caller.ApplyAsync(zone, SmallZone.Create(zone, serial));
        Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString());
    }

    private static async Task RemovedAsync(BackendCaller caller, DomainName zone)
    {
        OrderFinished answer = await caller.RemoveAsync(zone);
        Assert.True(answer.Outcome == OrderOutcome.Done, answer.Reason?.ToString());
    }

    private static async Task SeesAsync(BackendCaller caller, DomainName zone, Observation observation, uint serial)
    {
        ZoneObserved seen = await caller.ObserveAsync(zone);
        Assert.True(seen.Observation == observation && seen.Serial == serial, $"{zone} {observation} {serial}, seen {seen}");
    }
}
