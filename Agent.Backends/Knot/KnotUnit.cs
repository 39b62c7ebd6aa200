namespace Agent.Backends.Knot;

/// <summary>What a unit of the control protocol is; its number is the octet that begins it.</summary>
public enum KnotUnitType : byte
{
    /// <summary>The sender is done with the connection.</summary>
    End = 0,

    /// <summary>A command, or one thing of an answer.</summary>
    Data = 1,

    /// <summary>A further value of the thing before it.</summary>
    Extra = 2,

    /// <summary>The end of a command with all its units, or of the answer to it.</summary>
    Block = 3,
}

/// <summary>What an item of a unit says; the octet before it is 16 more.</summary>
public enum KnotItem : byte
{
    /// <summary>Name of the command.</summary>
    Command = 0,

    /// <summary>Letters that change how the command works, such as B: wait for its end.</summary>
    Flags = 1,

    /// <summary>Why it failed, in words.</summary>
    Error = 2,

    /// <summary>Section of the configuration.</summary>
    Section = 3,

    /// <summary>Item of that section.</summary>
    Item = 4,

    /// <summary>Which one of the section's entries.</summary>
    Id = 5,

    /// <summary>Name of the zone.</summary>
    Zone = 6,

    /// <summary>Owner of a record.</summary>
    Owner = 7,

    /// <summary>TTL of a record.</summary>
    Ttl = 8,

    /// <summary>Type of a record, or what a line of a status is about.</summary>
    Type = 9,

    /// <summary>Value of an item, data of a record, answer of a status.</summary>
    Data = 10,

    /// <summary>Letters that choose what the command is about.</summary>
    Filter = 11,
}

/// <summary>One unit of Knot's control protocol: a type, and texts by item.</summary>
public sealed class KnotUnit
{
    /// <summary>How many kinds of items there are.</summary>
    public const int ItemKinds = 12;

    private readonly string?[] _items = new string?[ItemKinds];

    /// <summary>What it is.</summary>
    public KnotUnitType Type { get; init; } = KnotUnitType.Data;

    /// <summary>Null when the unit has no such item.</summary>
    public string? this[KnotItem item]
    {
        get => _items[(int)item];
        set => _items[(int)item] = value;
    }
}
