namespace Agent.Dns.Zones;

/// <summary>Why a difference does not fit an image. Then only a whole transfer helps.</summary>
public enum ZoneDiffError : byte
{
    /// <summary>It fits.</summary>
    None,

    /// <summary>The image has another serial than the difference starts from.</summary>
    WrongSerial,

    /// <summary>A record to delete is not there.</summary>
    DeletesAbsent,

    /// <summary>A record to add is there already.</summary>
    AddsPresent,

    /// <summary>What is left is no zone, or a record of the difference is malformed.</summary>
    BadContent,
}

/// <summary>Words for <see cref="ZoneDiffError"/>.</summary>
public static class ZoneDiffErrors
{
    /// <summary>A sentence part that can stand in a log line or a reason.</summary>
    public static string Text(this ZoneDiffError error) => error switch
    {
        ZoneDiffError.None => "no error",
        ZoneDiffError.WrongSerial => "the difference starts from another serial",
        ZoneDiffError.DeletesAbsent => "a difference deletes a record that is not there",
        ZoneDiffError.AddsPresent => "a difference adds a record that is there already",
        ZoneDiffError.BadContent => "what the difference leads to is no zone",
        _ => error.ToString(),
    };
}
