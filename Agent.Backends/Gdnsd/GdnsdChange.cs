using Agent.Backends.Shared;
using Agent.Dns.Wire;

namespace Agent.Backends.Gdnsd;

/// <summary>A change of one zone's file, until gdnsd has taken it.</summary>
/// <param name="zone">Whose file.</param>
/// <param name="fileName">Its name.</param>
/// <param name="written">Where the new content lies; null takes the file away.</param>
/// <param name="isOnDisk">The content was brought to the disk.</param>
internal sealed class GdnsdChange(DomainName zone, string fileName, string? written, bool isOnDisk) : GatheredChange
{
    public DomainName Zone { get; } = zone;

    public string FileName { get; } = fileName;

    public string? Written { get; } = written;

    public bool IsRemoval => Written is null;

    /// <summary>Has to be brought to the disk before it is put in place.</summary>
    public bool NeedsDisk => Written is not null && !isOnDisk;
}
