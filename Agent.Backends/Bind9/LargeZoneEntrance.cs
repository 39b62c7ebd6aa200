using System.Buffers.Binary;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Bind9;

/// <summary>A zone's file as it stands.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="IsRaw">In BIND's raw format, else text.</param>
internal readonly record struct ZoneFile(string Path, bool IsRaw);

/// <summary>
/// How large zones come into named. <c>addzone</c> reads the zone's file while everything else in named stands still, a second and more for
/// a million records; <c>reload</c> reads it beside the answering. So a large zone that is new enters in steps:
/// <code>
///   write a file with the apex alone -> addzone, closed to everybody -> write the zone's file -> reload -> wait until it is loaded
///     -> modzone, open
/// </code>
/// Until the last step named answers for the zone as if it were not there (REFUSED). A step that did not come is made up for: a closed
/// zone that is found is gone on with.
/// </summary>
/// <remarks>
/// A large zone's file is raw, a small one's text. A file keeps its format when the zone grows or shrinks, because named takes another one
/// only together with a new zone.
/// </remarks>
internal sealed class LargeZoneEntrance(
    NamedControl named, ZoneFolder folder, ZoneStanzas stanzas, long largeZoneBytes, TimeProvider time)
{
    // Measured: 1.5 us for each record alone on the machine.
    private const double SecondsPerRecord = 15e-6;

    private static readonly TimeSpan LoadPatience = TimeSpan.FromSeconds(5);

    // A look comes late by a part of what passed so far, whatever the zone's size.
    private const int LatenessDivisor = 16;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(320);

    /// <summary>Whether the content is loaded the careful way.</summary>
    public bool IsLarge(ZoneContent content) => content.ByteCount >= largeZoneBytes;

    /// <summary>Brings a large zone in that named does not have, or not open yet; false when this zone goes the common way.</summary>
    /// <exception cref="BackendException">named refused a step, or did not load the file.</exception>
    public async Task<bool> TryEnterAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        ZoneStanza stanza = stanzas.For(zone);
        if (!IsLarge(content) || !stanza.CanBeClosed)
            return false;
        string path = folder.PathOf(zone);
        if ((await named.StatusAsync(zone, cancellation)).Verdict == RndcVerdict.NoSuchZone)
        {
            // A file without a zone is a leftover and does not decide about the format.
            await folder.WriteAsync(zone, ApexOf(zone, content.Serial), RawZoneFile.Write);
            RndcReply added = await named.AddAsync(zone, stanza.Compose(path, isRaw: true, isClosed: true), cancellation);
            if (added.Verdict == RndcVerdict.AlreadyExists)
                return false;
            if (added.Verdict != RndcVerdict.Done)
                await folder.DeleteAsync(zone, companionSuffixes: []);
            NamedControl.Ensure(added, "addzone", zone);
        }
        else if (await named.ShownFormAsync(zone, path, cancellation) != ClosedForm(stanza, path))
        {
            return false;
        }

        await folder.WriteAsync(zone, content, RawZoneFile.Write);
        NamedControl.Ensure(await named.ReloadAsync(zone, cancellation), "reload", zone);
        await LoadedAsync(zone, content, cancellation);
        NamedControl.Ensure(await named.ModifyAsync(zone, stanza.Compose(path, isRaw: true), cancellation), "modzone", zone);
        return true;
    }

    /// <summary>Writes the zone's file in the format that it has, or that its size asks for.</summary>
    /// <exception cref="BackendException">The folder or the disk does not let us, or the content is damaged.</exception>
    public async Task<ZoneFile> WriteAsync(DomainName zone, ZoneContent content)
    {
        string path = folder.PathOf(zone);
        bool isRaw = File.Exists(path) ? RawZoneFile.IsRaw(path) : IsLarge(content);
        await folder.WriteAsync(zone, content, isRaw ? RawZoneFile.Write : null);
        return new ZoneFile(path, isRaw);
    }

    /// <summary>Waits until named has the content's serial.</summary>
    /// <exception cref="BackendException">It has not, after a time that allows for the zone's size.</exception>
    public async Task LoadedAsync(DomainName zone, ZoneContent content, CancellationToken cancellation)
    {
        TimeSpan patience = LoadPatience + TimeSpan.FromSeconds(content.RecordCount * SecondsPerRecord);
        long started = time.GetTimestamp();
        while (new NamedZoneStatus(await named.StatusAsync(zone, cancellation)).Serial != content.Serial)
        {
            TimeSpan passed = time.GetElapsedTime(started);
            if (passed > patience)
            {
                throw BackendException.Refused(
                    $"named has not loaded serial {content.Serial} of {zone} from {folder.PathOf(zone)} within "
                    + $"{patience.TotalSeconds:0} s; its log says why, in a line with \"not loaded due to errors\"");
            }

            TimeSpan part = passed / LatenessDivisor;
            TimeSpan pause = part < ShortestPause ? ShortestPause : part > LongestPause ? LongestPause : part;
            await Task.Delay(pause, time, cancellation);
        }
    }

    private static string? ClosedForm(ZoneStanza stanza, string path) =>
        ZoneStanza.Canonical(stanza.Compose(path, isRaw: true, isClosed: true), path);

    /// <summary>The least that named takes for a zone, one serial before the real one: its apex as its own name server.</summary>
    private static MemoryZoneContent ApexOf(DomainName zone, uint serial)
    {
        ReadOnlySpan<byte> name = zone.Wire;
        Span<byte> timers = stackalloc byte[5 * sizeof(uint)];
        timers.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(timers, unchecked(serial - 1));
        using ZoneContentBuilder builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        bool isBuilt = builder.TryAppend(name, RecordType.SOA, RecordClass.IN, 0, [.. name, .. name, .. timers])
            & builder.TryAppend(name, RecordType.NS, RecordClass.IN, 0, name)
            & builder.TryAppend(name, RecordType.A, RecordClass.IN, 0, [127, 0, 0, 1]);
        return isBuilt & builder.TryBuild(out MemoryZoneContent? content)
            ? content!
            : throw new InvalidOperationException($"no content for {zone}: {builder.Error}");
    }
}
