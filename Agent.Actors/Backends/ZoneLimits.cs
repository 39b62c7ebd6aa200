using System.Collections.Immutable;
using Agent.Dns.Wire;

namespace Agent.Actors.Backends;

/// <summary>
/// What a server can hold of one zone. A zone beyond it is refused before anything is sent (<see cref="ZoneFit"/>). What is null or empty
/// is not known to have a limit. Two of them are equal when they say the same.
/// </summary>
public sealed record ZoneLimits
{
    private readonly ImmutableArray<SetLimit> _sets = [];
    private readonly ImmutableArray<TypeLimit> _types = [];

    /// <summary>No limit is known.</summary>
    public static ZoneLimits None { get; } = new();

    /// <summary>Records of the whole zone, the SOA among them.</summary>
    public long? Records { get; init; }

    /// <summary>Octets of the whole zone, as records without compression.</summary>
    public long? Octets { get; init; }

    /// <summary>How many records of one type a name may have.</summary>
    public ImmutableArray<SetLimit> Sets
    {
        get => _sets;
        init => _sets = value.IsDefault ? [] : value;
    }

    /// <summary>How many types a name may have; signatures of different types count as different types.</summary>
    public int? TypesPerName { get; init; }

    /// <summary>Octets of the data of one record.</summary>
    public int? DataOctets { get; init; }

    /// <summary>Types that it cannot hold.</summary>
    public ImmutableArray<TypeLimit> Types
    {
        get => _types;
        init => _types = value.IsDefault ? [] : value;
    }

    /// <summary>Octets of the name of the zone's file, with all that belongs to it. Whoever writes the file refuses a longer one.</summary>
    public int? FileNameOctets { get; init; }

    /// <summary>For an operator: where the limits come from, and where they can be changed.</summary>
    public string? Hint { get; init; }

    /// <summary>Why records of the type cannot be held; null when they can.</summary>
    public TypeLimit? For(RecordType type)
    {
        foreach (TypeLimit limit in _types)
        {
            if (type >= limit.First && type <= limit.Last)
                return limit;
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Equals(ZoneLimits? other) => other is not null
        && (Records, Octets, TypesPerName) == (other.Records, other.Octets, other.TypesPerName)
        && (DataOctets, FileNameOctets, Hint) == (other.DataOctets, other.FileNameOctets, other.Hint)
        && Sets.AsSpan().SequenceEqual(other.Sets.AsSpan())
        && Types.AsSpan().SequenceEqual(other.Types.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Records, Octets, TypesPerName, DataOctets, FileNameOctets, Hint, Sets.Length, Types.Length);
}

/// <summary>How many records of a type a name may have.</summary>
/// <param name="Type">Which type; null: each.</param>
/// <param name="Records">At most so many.</param>
public sealed record SetLimit(RecordType? Type, int Records);

/// <summary>Types that a server cannot hold.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them; the same as the first of one type alone.</param>
/// <param name="Why">Why it cannot; null where there is no more to say.</param>
public sealed record TypeLimit(RecordType First, RecordType Last, string? Why)
{
    /// <summary>One type alone.</summary>
    public TypeLimit(RecordType type, string? why = null)
        : this(type, type, why)
    {
    }
}
