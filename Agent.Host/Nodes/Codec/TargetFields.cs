using Agent.Actors.Backends;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>Wishes for targets on other nodes and what comes back (Agent.Actors/Backends/TargetLinkMessages.cs).</summary>
/// <remarks><see cref="WantZone.ToldAt"/> is of one node's clock and stays there.</remarks>
internal static class TargetFields
{
    public static void Write(FieldWriter writer, WishForTarget message)
    {
        writer.Signed(1, message.Request);
        writer.Text(2, message.Target);
        writer.Signed(3, message.Shard);
        writer.Signed(4, message.Epoch);
        writer.Nested(5, message.Wish, static (inner, wish) =>
        {
            inner.Name(1, wish.Zone);
            inner.Signed(2, wish.Generation);
            inner.Nested(3, wish.Content, ContentFields.Write);
            inner.Flag(4, wish.ObserveFirst);
            if (wish.IsExpired) inner.Flag(5, true);
            if (wish.Depth != LookDepth.Serial) inner.Unsigned(6, (ulong)wish.Depth);
            if (wish.Undoes) inner.Flag(7, true);
        });
    }

    public static void Write(FieldWriter writer, WishTaken message) => writer.Signed(1, message.Request);

    public static void Write(FieldWriter writer, ReportOfTarget message)
    {
        writer.Signed(1, message.Request);
        writer.Text(2, message.Target);
        writer.Nested(3, message.Report, static (inner, report) =>
        {
            inner.Name(1, report.Zone);
            inner.Signed(2, report.Generation);
            inner.Nested(3, report.Progress, WriteProgress);
        });
    }

    public static void Write(FieldWriter writer, TargetHealthTold message)
    {
        writer.Text(1, message.Target);
        writer.Flag(2, message.Healthy);
        writer.Why(3, message.Reason);
        writer.Signed(4, message.Returns);
        writer.Nested(5, message.Portrait, PortraitFields.Write);
    }

    public static void WriteProgress(FieldWriter writer, TargetProgress progress)
    {
        writer.Text(1, progress.Target);
        writer.Unsigned(2, (ulong)progress.State);
        writer.Unsigned(3, progress.Serial);
        writer.Instant(4, progress.VerifiedAt);
        writer.Why(5, progress.Reason);
        if (progress.IsLeaving) writer.Flag(6, true);
    }

    public static WishForTarget? ReadWish(ref FieldReader reader)
    {
        long? request = null;
        string? target = null;
        int? shard = null;
        long? epoch = null;
        WantZone? wish = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: request = reader.Signed(); break;
                case 2: target = reader.Text(); break;
                case 3: shard = reader.Int32(); break;
                case 4: epoch = reader.Signed(); break;
                case 5: wish = reader.Nested(ReadWant); break;
            }
        }
        return request is null || target is null || shard is null || epoch is null || wish is null
            ? null
            : new WishForTarget(request.Value, target, shard.Value, epoch.Value, wish);
    }

    public static WishTaken? ReadTaken(ref FieldReader reader) => RouteFields.RequestOf(ref reader) is { } request ? new(request) : null;

    public static ReportOfTarget? ReadReport(ref FieldReader reader)
    {
        long? request = null;
        string? target = null;
        TargetReport? report = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: request = reader.Signed(); break;
                case 2: target = reader.Text(); break;
                case 3: report = reader.Nested(ReadReportItself); break;
            }
        }
        return request is null || target is null || report is null ? null : new ReportOfTarget(request.Value, target, report);
    }

    public static TargetHealthTold? ReadHealth(ref FieldReader reader)
    {
        string? target = null;
        bool? healthy = null;
        Reason? reason = null;
        long? returns = null;
        TargetPortrait? portrait = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: target = reader.Text(); break;
                case 2: healthy = reader.Flag(); break;
                case 3: reason = reader.Why(); break;
                case 4: returns = reader.Signed(); break;
                case 5: portrait = reader.Nested(PortraitFields.Read); break;
            }
        }
        return target is null || healthy is null || returns is null
            ? null
            : new(target, healthy.Value, reason, returns.Value) { Portrait = portrait };
    }

    public static TargetProgress? ReadProgress(ref FieldReader reader)
    {
        string? target = null;
        TargetZoneState? state = null;
        uint? serial = null;
        DateTimeOffset? verifiedAt = null;
        Reason? reason = null;
        bool isLeaving = false;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: target = reader.Text(); break;
                case 2: state = (TargetZoneState)reader.Choice((int)TargetZoneState.Refused); break;
                case 3: serial = reader.UInt32(); break;
                case 4: verifiedAt = reader.Instant(); break;
                case 5: reason = reader.Why(); break;
                case 6: isLeaving = reader.Flag(); break;
            }
        }
        return target is null || state is null
            ? null
            : new TargetProgress(target, state.Value, serial, verifiedAt, reason) { IsLeaving = isLeaving };
    }

    private static WantZone? ReadWant(ref FieldReader reader)
    {
        DomainName? zone = null;
        long? generation = null;
        ZoneContent? content = null;
        bool? observeFirst = null;
        bool isExpired = false;
        LookDepth depth = LookDepth.Serial;
        bool undoes = false;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: zone = reader.Name(); break;
                case 2: generation = reader.Signed(); break;
                case 3: content = reader.Nested(ContentFields.Read); break;
                case 4: observeFirst = reader.Flag(); break;
                case 5: isExpired = reader.Flag(); break;
                case 6: depth = (LookDepth)reader.Choice((int)LookDepth.Repair); break;
                case 7: undoes = reader.Flag(); break;
            }
        }
        bool isWhole = zone is not null && generation is not null && observeFirst is not null;
        return isWhole && ContentFields.IsOf(content, zone!)
            ? new(zone!, generation!.Value, content, observeFirst!.Value) { IsExpired = isExpired, Depth = depth, Undoes = undoes }
            : null;
    }

    private static TargetReport? ReadReportItself(ref FieldReader reader)
    {
        DomainName? zone = null;
        long? generation = null;
        TargetProgress? progress = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: zone = reader.Name(); break;
                case 2: generation = reader.Signed(); break;
                case 3: progress = reader.Nested(ReadProgress); break;
            }
        }
        return zone is null || generation is null || progress is null ? null : new TargetReport(zone, generation.Value, progress);
    }
}
