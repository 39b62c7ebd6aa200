using Agent.Actors.Backends;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Win32.SafeHandles;

namespace Agent.Backends.Tinydns;

/// <summary>
/// data.cdb, and the fragments that it is built from. A change writes one fragment; then data.cdb is built anew from all of them, once for
/// all changes that wait, and takes the place of the one before in one step. tinydns opens data.cdb for each question.
/// <code>
///   ROOT/data.cdb                       what tinydns reads; with a mark that it is the agent's
///   ROOT/.agent-zones/NAME.zone         a fragment
///   ROOT/.agent-zones/NAME.zone.damaged one that could not be read
/// </code>
/// A data.cdb of somebody else, that is not empty, is never replaced.
/// </summary>
/// <remarks>Safe for any number of callers. Not for an actor's thread.</remarks>
internal sealed class TinydnsData
{
    private const string DataName = "data.cdb";
    private const string FragmentsName = ".agent-zones";
    internal const string DamagedSuffix = ".damaged";
    private const int ZonesTried = 3;

    // No question can lead to a key that begins with the root's label and goes on.
    private static readonly byte[] Mark = [0, .. "agent"u8];

    private readonly long _bytesMax;
    private readonly ZoneFolder _fragments;
    private readonly CoalescedRun _builds;
    private readonly Lock _gate = new();
    private Dictionary<DomainName, long>? _sizes;
    private long _sizesTotal;

    public TinydnsData(string root, long bytesMax, TimeProvider time)
    {
        Root = Path.GetFullPath(root);
        _bytesMax = bytesMax;
        _fragments = new ZoneFolder(Path.Combine(Root, FragmentsName), time, suffixOctets: DamagedSuffix.Length);
        _builds = new CoalescedRun(BuildAsync);
    }

    public string Root { get; }

    private string DataPath => Path.Combine(Root, DataName);

    /// <summary>Makes the folder of fragments, and reads what is there, once.</summary>
    /// <exception cref="IOException">The disk does not let us.</exception>
    public void Prepare()
    {
        if (!Directory.Exists(Root))
            throw new DirectoryNotFoundException($"{Root} is not a folder, or not there");
        lock (_gate)
        {
            if (_sizes is not null && Directory.Exists(_fragments.FullPath))
                return;
            Directory.CreateDirectory(_fragments.FullPath);
            AtomicFile.DeleteLeftovers(Root);
            _sizes = [];
            foreach (DomainName zone in _fragments.Zones(int.MaxValue - 1))
                _sizes[zone] = TinydnsFragment.ReadDataBytes(_fragments.PathOf(zone)) ?? 0;
            _sizesTotal = _sizes.Values.Sum();
        }
    }

    /// <summary>Finds out whether files can be written.</summary>
    /// <exception cref="IOException">They cannot.</exception>
    public void Check()
    {
        Prepare();
        AtomicFile.CheckWritable(Root);
    }

    /// <summary>Has the zone served with this content.</summary>
    /// <param name="zone">Its name.</param>
    /// <param name="content">Its records.</param>
    /// <param name="dataBytes">What they take of data.cdb.</param>
    /// <exception cref="BackendException">There is no room, or data.cdb is somebody else's.</exception>
    public async Task ApplyAsync(DomainName zone, ZoneContent content, long dataBytes)
    {
        RefuseForeign();
        long before = Admit(zone, dataBytes);
        try
        {
            await _fragments.WriteAsync(zone, content, (records, stream) => TinydnsFragment.Write(records, dataBytes, stream));
        }
        catch
        {
            Count(zone, before);
            throw;
        }

        await _builds.JoinAsync();
    }

    /// <summary>Has the zone not served any more.</summary>
    /// <exception cref="BackendException">data.cdb is somebody else's.</exception>
    public async Task RemoveAsync(DomainName zone)
    {
        if (Look(zone).Observation != Observation.Absent)
            RefuseForeign();
        await _fragments.DeleteAsync(zone, [DamagedSuffix]);
        Forget(zone);
        if (IsForeign())
            return;
        await _builds.JoinAsync();
    }

    /// <summary>What data.cdb says of a zone, which is what tinydns answers with.</summary>
    public ZoneSighting Look(DomainName zone)
    {
        try
        {
            if (!Directory.Exists(Root))
                return ZoneSighting.CannotTell($"{Root} is not a folder, or not there");
            using CdbReader data = new(DataPath);
            foreach (byte[] record in data.Find(TinydnsRecord.KeyOf(zone)))
            {
                if (TinydnsRecord.TryReadSerial(record, out uint? serial))
                    return ZoneSighting.Present(serial.Value);
            }

            return ZoneSighting.Absent;
        }
        catch (FileNotFoundException)
        {
            return ZoneSighting.Absent;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return ZoneSighting.CannotTell($"cannot read {DataPath}: {error.Message}");
        }
    }

    /// <summary>Some zone that tinydns should have; null when there is none.</summary>
    public DomainName? AnyZone()
    {
        DomainName[] some;
        lock (_gate)
            some = [.. _sizes?.Keys.Take(ZonesTried) ?? []];
        return some.FirstOrDefault(zone => Look(zone).Observation == Observation.Present);
    }

    /// <summary>The zones that have a fragment; one more than the maximum when there are more.</summary>
    public List<DomainName> Zones(int maximum) => _fragments.Zones(maximum);

    /// <summary>Zones are counted in while their fragments are written, so that two together do not become too large.</summary>
    /// <returns>What the zone was counted with before.</returns>
    private long Admit(DomainName zone, long dataBytes)
    {
        lock (_gate)
        {
            long before = _sizes?.GetValueOrDefault(zone) ?? 0;
            long total = _sizesTotal - before + dataBytes;
            long all = CdbWriter.EmptySize + CdbWriter.SizeOf(Mark.Length, 0) + total;
            if (all > _bytesMax)
            {
                throw BackendException.CannotHold(
                    $"data.cdb would have {all} octets with this content of {zone}; a constant database can have {_bytesMax}");
            }

            Count(zone, dataBytes);
            return before;
        }
    }

    private void Count(DomainName zone, long dataBytes)
    {
        lock (_gate)
        {
            Dictionary<DomainName, long> sizes = _sizes ??= [];
            _sizesTotal += dataBytes - sizes.GetValueOrDefault(zone);
            sizes[zone] = dataBytes;
        }
    }

    /// <summary>Says no before a fragment is written, and again before data.cdb is replaced.</summary>
    private void RefuseForeign()
    {
        if (!IsForeign())
            return;
        throw BackendException.Refused(
            $"{DataPath} is not the agent's and not empty: it was made by somebody else, tinydns-data for instance; move it away to have "
            + "the agent's zones served, and only those");
    }

    private bool IsForeign()
    {
        try
        {
            if (new FileInfo(DataPath) is not { Exists: true, Length: > 0 })
                return false;
            using CdbReader data = new(DataPath);
            return !data.IsEmpty && !data.Find(Mark).Any();
        }
        catch (InvalidDataException)
        {
            // Whatever it is, we have not written it.
            return true;
        }
    }

    private Task BuildAsync()
    {
        FaultPoint.Pass("tinydns.building");
        while (true)
        {
            RefuseForeign();
            try
            {
                Replace(AtomicFile.WriteBeside(DataPath, Build, flushToDisk: true));
                return Task.CompletedTask;
            }
            catch (DamagedFragmentException damaged)
            {
                // Without it the others are served. An observation of the zone will miss it, so it comes anew.
                string path = _fragments.PathOf(damaged.Zone);
                File.Move(path, path + DamagedSuffix, overwrite: true);
                Forget(damaged.Zone);
            }
        }
    }

    private void Replace(string built)
    {
        FaultPoint.Pass("tinydns.built");
        File.Move(built, DataPath, overwrite: true);
        FaultPoint.Pass("tinydns.replaced");
        using SafeFileHandle folder = AtomicFile.OpenFolder(Root);
        AtomicFile.AwaitDisk(changes: 1, () => RandomAccess.FlushToDisk(folder));
    }

    /// <summary>Writes a database of all fragments.</summary>
    /// <exception cref="DamagedFragmentException">One could not be read.</exception>
    private void Build(Stream stream)
    {
        CdbWriter writer = new(stream);
        writer.Add(Mark, []);
        byte[] room = new byte[TinydnsRecord.DataMax];
        List<DomainName> zones = _fragments.Zones(int.MaxValue - 1);
        TinydnsApexes apexes = new(zones);
        foreach (DomainName zone in zones)
        {
            bool isAlone = !apexes.HasZonesBelow(zone);
            try
            {
                if (!TinydnsFragment.Read(_fragments.PathOf(zone), Take))
                    throw new DamagedFragmentException(zone);
            }
            catch (FileNotFoundException)
            {
                // Removed meanwhile; that is the next build's business.
            }

            void Take(in StoredRecord record)
            {
                if (isAlone || apexes.IsInnermost(record.Owner, zone))
                    TinydnsRecord.AddTo(writer, record, room);
            }
        }

        writer.Complete();
    }

    private void Forget(DomainName zone)
    {
        lock (_gate)
        {
            if (_sizes is not null && _sizes.Remove(zone, out long size))
                _sizesTotal -= size;
        }
    }

    private sealed class DamagedFragmentException(DomainName zone) : Exception
    {
        public DomainName Zone { get; } = zone;
    }
}
