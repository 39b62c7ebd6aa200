using System.Reflection;
using Agent.Actors.Journal;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Zones;

/// <summary>Rows at rest: nothing of them is lost, and what cannot be said in the array stays a row.</summary>
public sealed class RestingRowsTests
{
    private const int Rows = 2000;
    private static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private readonly RestingRows _rows = new();
    private readonly PlacedContents _place = new();

    [Fact]
    public void A_row_comes_back_as_it_was()
    {
        KernelRandom random = new(seed: 1);
        for (int number = 0; number < Rows; number++)
        {
            ZoneRow row = Some(random, $"zone{number}.example.");

            object kept = _rows.Rest(row);

            Assert.IsType<byte[]>(kept);
            AssertSame(row, _rows.Row(DomainName.Parse($"ZONE{number}.example."), kept));
        }
    }

    [Fact]
    public void An_ordinary_row_takes_less_than_a_hundred_octets() =>
        Assert.InRange(((byte[])_rows.Rest(Plain("zone.example."))).Length, 1, 100);

    [Fact]
    public void What_there_is_more_to_say_about_stays_a_row()
    {
        Reason reason = new(ReasonCode.NoMaster, "no answer");
        ZoneRow plain = Plain("zone.example.");
        ZoneRow[] rows =
        [
            plain with { Reason = reason, ReasonSince = Noon },
            plain with { RefusedSince = Noon },
            plain with { Owner = new ZoneOwner(DomainName.Parse("catalog.example."), "label", "", null) },
            plain with { Targets = [plain.Targets[0] with { State = TargetZoneState.Away, Reason = reason }] },
            plain with { Content = SampleZones.Content("zone.example.", 7) },
            plain with { ChangedAt = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromHours(1)) },
            plain with { Name = DomainName.Parse("Zone.example.") },
        ];

        Assert.All(rows, row => Assert.Same(row, _rows.Rest(row)));
        Assert.All(rows, row => Assert.Same(row, _rows.Row(row.Name, row)));
        Assert.Null(_rows.Row(plain.Name, null));
    }

    /// <summary>More names of targets than the table takes: those that came too late stay rows, and the others still come back.</summary>
    [Fact]
    public void A_full_table_is_no_end()
    {
        ZoneRow first = Plain("zone.example.");
        object kept = _rows.Rest(first);
        for (int number = 0; number < 1000; number++)
        {
            ZoneRow other = first with { Targets = [first.Targets[0] with { Target = $"target{number}" }] };
            AssertSame(other, _rows.Row(other.Name, _rows.Rest(other)));
        }

        AssertSame(first, _rows.Row(first.Name, kept));
    }

    /// <summary>A property that the array does not carry would be lost with the first rest of a zone.</summary>
    [Fact]
    public void Every_property_of_a_row_is_known_here()
    {
        Assert.Equal(
            ["Candidate", "ChangedAt", "Content", "Generation", "Lifetime", "Name", "Owner", "Reason", "ReasonSince", "RefreshedAt",
                "RefusedSince", "Targets", "Wish"],
            Settable(typeof(ZoneRow)));
        Assert.Equal(["IsLeaving", "IsReleased", "Reason", "Serial", "State", "Target", "VerifiedAt"], Settable(typeof(TargetProgress)));
        Assert.Equal(
            ["Apex", "ByteCount", "Hash", "RecordCount", "Serial", "Soa", "SoaTtlSeconds"], Settable(typeof(ZoneFacts)));
        // A content of which it is known where it comes from does not rest.
        Assert.Equal(["Origin", "Signing"], Settable(typeof(ZoneContent)));
    }

    private static IEnumerable<string> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(p => p.Name).Order();

    private static void AssertSame(ZoneRow expected, ZoneRow actual)
    {
        Assert.Equal(expected with { Content = null, Targets = [] }, actual with { Content = null, Targets = [] });
        Assert.Equal(expected.Targets.AsEnumerable(), actual.Targets);
        Assert.Equal(expected.Content?.Facts, actual.Content?.Facts);
        if (expected.Content is null) return;
        Assert.Same(expected.Content.Place, actual.Content!.Place);
        Assert.Equal(expected.Content.Signing, actual.Content.Signing);
    }

    private ZoneRow Plain(string name) => new()
    {
        Name = DomainName.Parse(name),
        Wish = ZoneWish.Present,
        Generation = 3,
        ChangedAt = Noon,
        RefreshedAt = Noon.AddMilliseconds(12),
        Content = _place.Keep(SampleZones.Content(name, 2_026_010_101)),
        Targets = [new TargetProgress("ns1", TargetZoneState.Verified, 2_026_010_101, Noon.AddSeconds(1), null)],
    };

    private ZoneRow Some(KernelRandom random, string name)
    {
        ZoneRow row = Sketch(random, name);
        if (row.Content is { } content) content.Signing = (ContentSigning)random.Next(3);
        return row;
    }

    private ZoneRow Sketch(KernelRandom random, string name) => Plain(name) with
    {
        Wish = random.Chance(0.1) ? ZoneWish.Absent : ZoneWish.Present,
        Generation = random.Next(5) switch { 0 => 0, 1 => long.MaxValue, _ => random.Next(1_000_000) },
        ChangedAt = Time(random),
        RefreshedAt = random.Chance(0.3) ? null : Time(random),
        Lifetime = random.Chance(0.5) ? null : TimeSpan.FromTicks(random.Next(int.MaxValue)),
        Content = random.Chance(0.2)
            ? null
            : _place.Keep(SampleZones.Content(name, (uint)random.Next(int.MaxValue), refreshSeconds: (uint)random.Next(400))),
        Targets = [.. Enumerable.Range(0, random.Next(4)).Select(target => new TargetProgress(
            $"ns{target}",
            (TargetZoneState)random.Next(4),
            random.Chance(0.3) ? null : (uint)random.Next(int.MaxValue),
            random.Chance(0.3) ? null : Time(random),
            null) { IsLeaving = random.Chance(0.2), IsReleased = random.Chance(0.2) })],
    };

    private static DateTimeOffset Time(KernelRandom random) => random.Next(4) switch
    {
        0 => DateTimeOffset.MinValue,
        1 => DateTimeOffset.MaxValue,
        2 => Noon.AddTicks(random.Next(int.MaxValue)),
        _ => Noon.AddMilliseconds(-random.Next(int.MaxValue)),
    };
}
