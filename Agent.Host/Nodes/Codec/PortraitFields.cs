using System.Collections.Immutable;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Host.Nodes;

/// <summary>Who the server of a target is, and what it can (Agent.Actors/Backends/TargetLinkMessages.cs).</summary>
internal static class PortraitFields
{
    public static void Write(FieldWriter writer, TargetPortrait portrait)
    {
        writer.Text(1, portrait.Driver);
        writer.Nested(2, portrait.Server, static (inner, server) =>
        {
            inner.Text(1, server.Identity);
            inner.Text(2, server.Version);
            inner.Text(3, server.Nsid);
        });
        writer.Text(3, portrait.Controlled);
        writer.Nested(4, portrait.Limits, WriteLimits);
        foreach (string feature in portrait.Features) writer.Text(5, feature);
        writer.Why(6, portrait.Doubt);
    }

    public static TargetPortrait? Read(ref FieldReader reader)
    {
        string? driver = null;
        ServerName? server = null;
        string? controlled = null;
        ZoneLimits? limits = null;
        var features = ImmutableArray.CreateBuilder<string>();
        Reason? doubt = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: driver = reader.Text(); break;
                case 2: server = reader.Nested(ReadServer); break;
                case 3: controlled = reader.Text(); break;
                case 4: limits = reader.Nested(ReadLimits); break;
                case 5: features.Add(reader.Text()); break;
                case 6: doubt = reader.Why(); break;
            }
        }

        return driver is null || limits is null
            ? null
            : new TargetPortrait(driver, server, controlled, limits, features.ToImmutable(), doubt);
    }

    private static ServerName? ReadServer(ref FieldReader reader)
    {
        string? identity = null;
        string? version = null;
        string? nsid = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: identity = reader.Text(); break;
                case 2: version = reader.Text(); break;
                case 3: nsid = reader.Text(); break;
            }
        }

        return new ServerName(identity, version, nsid);
    }

    private static void WriteLimits(FieldWriter writer, ZoneLimits limits)
    {
        writer.Signed(1, limits.Records);
        writer.Signed(2, limits.Octets);
        foreach (SetLimit set in limits.Sets)
        {
            writer.Nested(3, set, static (inner, limit) =>
            {
                inner.Unsigned(1, (ulong?)limit.Type);
                inner.Signed(2, limit.Records);
            });
        }

        writer.Signed(4, limits.TypesPerName);
        writer.Signed(5, limits.DataOctets);
        foreach (TypeLimit type in limits.Types)
        {
            writer.Nested(6, type, static (inner, limit) =>
            {
                inner.Unsigned(1, (ulong)limit.First);
                inner.Unsigned(2, (ulong)limit.Last);
                inner.Text(3, limit.Why);
            });
        }

        writer.Signed(7, limits.FileNameOctets);
        writer.Text(8, limits.Hint);
    }

    private static ZoneLimits? ReadLimits(ref FieldReader reader)
    {
        ZoneLimits limits = ZoneLimits.None;
        var sets = ImmutableArray.CreateBuilder<SetLimit>();
        var types = ImmutableArray.CreateBuilder<TypeLimit>();
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: limits = limits with { Records = reader.Signed() }; break;
                case 2: limits = limits with { Octets = reader.Signed() }; break;
                case 3 when reader.Nested(ReadSet) is { } set: sets.Add(set); break;
                case 4: limits = limits with { TypesPerName = reader.Int32() }; break;
                case 5: limits = limits with { DataOctets = reader.Int32() }; break;
                case 6 when reader.Nested(ReadType) is { } type: types.Add(type); break;
                case 7: limits = limits with { FileNameOctets = reader.Int32() }; break;
                case 8: limits = limits with { Hint = reader.Text() }; break;
            }
        }

        return limits with { Sets = sets.ToImmutable(), Types = types.ToImmutable() };
    }

    private static SetLimit? ReadSet(ref FieldReader reader)
    {
        RecordType? type = null;
        int? records = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: type = (RecordType)reader.Choice(ushort.MaxValue); break;
                case 2: records = reader.Int32(); break;
            }
        }

        return records is null ? null : new SetLimit(type, records.Value);
    }

    private static TypeLimit? ReadType(ref FieldReader reader)
    {
        RecordType? first = null;
        RecordType? last = null;
        string? why = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: first = (RecordType)reader.Choice(ushort.MaxValue); break;
                case 2: last = (RecordType)reader.Choice(ushort.MaxValue); break;
                case 3: why = reader.Text(); break;
            }
        }

        return first is null || last is null ? null : new TypeLimit(first.Value, last.Value, why);
    }
}
