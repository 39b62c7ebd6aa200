using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Journal;

namespace Agent.Tests.Nodes;

/// <summary>Messages of every kind that travels, from a seed.</summary>
internal sealed class SampleMessages(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>One message for each kind of frame, and one for each kind that travels inside another.</summary>
    public IEnumerable<object> Every()
    {
        foreach (IShardKeyed request in Requests()) yield return new RouteRequest(Number(), Shard(), Number(), request);
        foreach (object answer in Answers()) yield return new RouteAnswer(Number(), answer);
        foreach (object answer in Answers()) yield return new ShardsAnswer(Number(), answer);
        yield return new RouteAccepted(Number());
        yield return new RouteRefused(Number());
        yield return new AskShards(Number(), new ListZones(Text(), Maybe(Text()), MaybeName(), Shard()) { OrphansOnly = Coin() });
        yield return new AskShards(Number(), new CountZones());
        yield return new AskShards(Number(), new CountProven(Number(), [.. Words()]));
        yield return new ShardsAnswered(Number(), Shard());
        yield return new WishForTarget(Number(), Text(), Shard(), Number(), Want());
        yield return new WishTaken(Number());
        yield return new ReportOfTarget(Number(), Text(), new TargetReport(Name(), Number(), Progress()));
        yield return new NodeQuestion(Number(), Text(), Text());
        yield return new NodeAnswer(Number(), Shard(), [.. Words().Select(word => (byte)word[0])]);
        yield return new TargetHealthTold(Text(), Coin(), MaybeWhy(), Number()) { Portrait = Coin() ? Portrait() : null };
    }

    private TargetPortrait Portrait() => new(
        Text(),
        Coin() ? new ServerName(Maybe(Text()), Maybe(Text()), Maybe(Text())) : null,
        Maybe(Text()),
        new ZoneLimits
        {
            Records = Coin() ? Number() : null,
            Octets = Coin() ? Number() : null,
            Sets = [new SetLimit(null, Shard()), new SetLimit(RecordType.TXT, Shard())],
            TypesPerName = Coin() ? Shard() : null,
            DataOctets = Coin() ? Shard() : null,
            Types = [new TypeLimit(RecordType.A, Maybe(Text())), new TypeLimit((RecordType)65280, (RecordType)65534, Text())],
            FileNameOctets = Coin() ? Shard() : null,
            Hint = Maybe(Text()),
        },
        [.. Words()],
        MaybeWhy());

    private IEnumerable<IShardKeyed> Requests()
    {
        IPAddress[] addresses = [IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7"), IPAddress.None];
        yield return new CreateZone(Name(), Origin());
        yield return new DeleteZone(Name(), Origin()) { Force = Coin() };
        yield return new NotifyZone(Name(), Origin(), Coin() ? addresses[_random.Next(3)] : null, Coin() ? (uint)_random.Next() : null);
        yield return new RefreshZone(Name(), Origin(), Coin());
        yield return new DecideCandidate(Name(), Origin(), Coin(), (uint)_random.Next(), MaybeContent()?.Hash);
        yield return new ClaimZone(Name(), Owner(), Coin(), Origin());
        yield return new ReleaseZone(Name(), Name(), Origin());
        yield return new GetCatalog(Name());
        yield return new ApproveCatalog(Name(), (uint)_random.Next(), Origin());
        yield return new LookAtTarget(Name(), Text()) { Depth = (LookDepth)_random.Next(3), MayBeLeftover = _random.Next(2) == 1 };
        yield return new RemoveOrphan(Name(), Origin());
        yield return new UndeleteZone(Name(), Origin());
        yield return new GetZone(Name());
        yield return new GetZoneContent(Name());
        yield return new GetZoneContent(Name(), OfCandidate: true);
    }

    private IEnumerable<object> Answers()
    {
        yield return new ZoneReply(Name(), (ZoneOutcome)_random.Next(4), MaybeWhy());
        yield return Status();
        ZoneContent? content = MaybeContent();
        yield return new ZoneContentReply(content?.Apex ?? Name(), content);
        yield return new ZoneContentReply(Name(), null) { ExpiresAt = DateTimeOffset.UnixEpoch.AddSeconds(_random.Next()) };
        yield return new ZoneList(Shard(), [.. Enumerable.Range(0, _random.Next(4)).Select(_ => Status())]);
        yield return new ZoneCounts(Shard(), Words().ToImmutableDictionary(word => word, _ => Shard()))
        {
            Behind = Words().ToImmutableDictionary(word => word, _ => Shard()),
        };
        yield return new ProvenZones(Shard(), Number(), Shard(), Shard());
        yield return new CatalogStatus(
            Name(), Text(), Coin() ? (uint)_random.Next() : null, Shard(), Shard(), Shard(), MaybeWhy())
        {
            Added = [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Name())],
            Removed = [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Name())],
            Conflicts = Shard(),
            Conflicting = [.. Enumerable.Range(0, _random.Next(3)).Select(_ => new CatalogConflict(Name(), new Reason(Text(), Text())))],
        };
    }

    private ZoneOwner Owner() => new(Name(), Text(), Text(), Coin() ? Name() : null);

    private WantZone Want()
    {
        ZoneContent? content = MaybeContent();
        return new WantZone(content?.Apex ?? Name(), Number(), content, Coin())
        {
            Depth = (LookDepth)_random.Next(3),
            Undoes = Coin(),
        };
    }

    private ZoneStatus Status() => new(
        Name(),
        Text(),
        Coin() ? (uint)_random.Next() : null,
        Coin() ? uint.MaxValue : null,
        Coin() ? Number() : null,
        MaybeWhy(),
        Instant(),
        Instant(),
        [.. Enumerable.Range(0, _random.Next(3)).Select(_ => Progress())])
    {
        Owner = Coin() ? Owner() : null,
        RefusedSince = Instant(),
        Candidate = Coin()
            ? new CandidateStatus(
                (uint)_random.Next(), Coin() ? Number() : null, MaybeContent()?.Hash, new Reason(Text(), Text()), TestZones.Noon, Coin())
            : null,
    };

    private TargetProgress Progress() =>
        new(Text(), (TargetZoneState)_random.Next(4), Coin() ? (uint)_random.Next() : null, Instant(), MaybeWhy());

    private RequestOrigin Origin() => new(Text(), Maybe(Text()), Text()) { MasterSet = Maybe(Text()) };

    private ZoneContent? MaybeContent() =>
        Coin() ? TestZones.Small($"z{_random.Next(1000)}.example.", (uint)_random.Next(), _random.Next(20)) : null;

    private Reason? MaybeWhy() => Coin() ? new Reason(Text(), Text()) : null;

    private DateTimeOffset? Instant() => Coin() ? TestZones.Noon.AddTicks(_random.NextInt64(1L << 50)) : null;

    private DomainName Name() =>
        DomainName.Parse(_random.Next(4) == 0 ? "." : $"Zone{_random.Next(100000)}.Example.{(Coin() ? "org" : "net")}.");

    private DomainName? MaybeName() => Coin() ? Name() : null;

    private long Number() => _random.Next(4) switch { 0 => _random.Next(100), 1 => -1, 2 => long.MinValue, _ => _random.NextInt64() };

    private int Shard() => _random.Next(4) == 0 ? int.MaxValue : _random.Next(64);

    private string Text() =>
        _random.Next(4) switch { 0 => "", 1 => "ns1", 2 => "Grüße, \U0001F980 und \0", _ => new string('x', _random.Next(300)) };

    private IEnumerable<string> Words() => new[] { "ok", "pending", "blocked" }.Take(_random.Next(4));

    private bool Coin() => _random.Next(2) == 0;

    private string? Maybe(string text) => Coin() ? text : null;
}
