using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Dns.Catalogs;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Catalog;

/// <summary>
/// A catalog zone that we are the author of. What is published lies on the disk first, as a master file, so that neither a serial nor a
/// label is forgotten by a restart. Who serves it takes <see cref="VersionAsync"/>.
/// </summary>
/// <remarks>
/// Nothing is published, and nobody is given the catalog, before the members have been compared with the journal: a catalog that lacks
/// members makes consumers drop those zones. Changes share versions: while one is written, all that come wait for the next.
/// </remarks>
public sealed class ProducedCatalog : IAsyncDisposable
{
    private const int MembersMax = int.MaxValue / 4;

    private readonly CatalogOptions _options;
    private readonly CatalogMembership _membership = new();
    private readonly ZoneFolder _folder;
    private readonly Func<CancellationToken, Task<uint?>> _readConsumersSerial;
    private readonly Action _published;
    private readonly TimeProvider _time;
    private readonly CoalescedRun _publishing;

    // Not disposed: it holds nothing but memory, and is asked after closing, too.
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private Task<CatalogVersion>? _loading;
    private volatile CatalogVersion? _version;

    /// <summary>Touches nothing yet.</summary>
    /// <param name="options">Its name and place.</param>
    /// <param name="readConsumersSerial">The newest serial of the catalog that a consumer has; null when none says any.</param>
    /// <param name="published">Called after each new version.</param>
    /// <param name="time">The clock that serials come from.</param>
    internal ProducedCatalog(
        CatalogOptions options, Func<CancellationToken, Task<uint?>> readConsumersSerial, Action published, TimeProvider time)
    {
        _options = options;
        _folder = new ZoneFolder(options.Folder, time);
        _readConsumersSerial = readConsumersSerial;
        _published = published;
        _time = time;
        _publishing = new CoalescedRun(PublishAsync);
    }

    /// <summary>Its apex.</summary>
    public DomainName Name => _options.Name;

    /// <summary>What is published at this moment; null before anything is.</summary>
    public CatalogVersion? Published => _version;

    /// <summary>Which zones are members.</summary>
    internal CatalogMembership Membership => _membership;

    /// <summary>The version that is published.</summary>
    /// <exception cref="BackendException">What was published before cannot be read.</exception>
    /// <exception cref="IOException">The journal, or what was published before, cannot be read.</exception>
    public async Task<CatalogVersion> VersionAsync(CancellationToken cancellation)
    {
        if (_version is { } known) return known;
        Task<CatalogVersion> loading;
        lock (_gate)
        {
            // Tried again by whoever comes after a failure.
            if (_loading is null || (_loading.IsCompleted && !_loading.IsCompletedSuccessfully)) _loading = Task.Run(LoadAsync);
            loading = _loading;
        }

        return await loading.WaitAsync(cancellation);
    }

    /// <summary>Returns when what was last done to the zone is published.</summary>
    /// <exception cref="BackendException">The disk does not let us.</exception>
    internal Task PublishedAsync(DomainName zone) => _membership.IsUnpublished(zone) ? _publishing.JoinAsync() : Task.CompletedTask;

    /// <summary>Waits until nothing is written any more. What is published stays readable.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Task loading;
        lock (_gate) loading = _loading ?? Task.CompletedTask;
        await loading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Comes behind the one that is being written, if any, and ends for all who wait for it.
        await _publishing.JoinAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<CatalogVersion> LoadAsync()
    {
        _closing.Token.ThrowIfCancellationRequested();

        // The journal first: what it names is a member whatever was published before, and nothing else is.
        IReadOnlyCollection<DomainName> wanted = await _options.ReadWanted(_closing.Token);
        CatalogVersion version = Read() is { } kept
            ? new CatalogVersion(kept, [])
            : new CatalogVersion(CatalogWriter.Write(Name, await FirstSerialAsync(), []), []);
        _membership.Load(MembersOf(version.Content));
        var left = _membership.Zones(MembersMax).ToHashSet();
        foreach (DomainName zone in wanted)
        {
            if (zone != Name && !left.Remove(zone)) _membership.Add(zone, begins: false, version.Content.Serial);
        }

        foreach (DomainName zone in left) _membership.Remove(zone);
        version = await NextAsync(version) ?? version;

        // Also when nothing has changed: they may have missed the last word of the run before.
        _version = version;
        _published();
        return version;
    }

    /// <summary>What the last run published; null when there is nothing of it.</summary>
    private MemoryZoneContent? Read()
    {
        string path = _folder.PathOf(Name);
        if (!File.Exists(path)) return null;
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        if (!ZoneFileReader.TryRead(File.OpenRead(path), origin: null, builder, out ZoneFileError? error))
            throw Damaged(path, error.ToString());
        if (!builder.TryBuild(out MemoryZoneContent? content)) throw Damaged(path, builder.Error.Text());
        return content.Apex == Name ? content : throw Damaged(path, $"it is the zone {content.Apex}");
    }

    private List<CatalogMember> MembersOf(ZoneContent content)
    {
        CatalogReading reading = CatalogReader.Read(content, MembersMax);
        return reading.Catalog is { } catalog ? [.. catalog.Members] : throw Damaged(_folder.PathOf(Name), reading.Problem);
    }

    private static BackendException Damaged(string path, string? why) => BackendException.Away(
        $"{path}, the catalog that was published last, cannot be used: {why}; without that file it is made anew from the journal");

    /// <summary>Newer than whatever a consumer has of an earlier life.</summary>
    private async Task<uint> FirstSerialAsync()
    {
        uint now = Now();
        return await _readConsumersSerial(_closing.Token) is { } theirs && !SerialNumber.IsNewer(now, theirs)
            ? SerialNumber.Add(theirs, 1)
            : now;
    }

    private async Task PublishAsync()
    {
        _closing.Token.ThrowIfCancellationRequested();
        CatalogVersion version = await VersionAsync(CancellationToken.None);
        if (await NextAsync(version) is not { } next) return;
        _version = next;
        _published();
    }

    /// <summary>Writes the next version; null when nothing has changed.</summary>
    private async Task<CatalogVersion?> NextAsync(CatalogVersion version)
    {
        bool isPublished = false;
        try
        {
            CatalogChange change = _membership.Begin();
            if (change.IsEmpty)
            {
                isPublished = true;
                return null;
            }

            uint serial = SerialNumber.IsNewer(Now(), version.Content.Serial) ? Now() : SerialNumber.Add(version.Content.Serial, 1);
            MemoryZoneContent content = CatalogWriter.Write(Name, serial, change.Members);
            DifferenceSequence step =
                CatalogWriter.WriteDifference(Name, version.Content.Serial, serial, change.Deleted, change.Added);
            await _folder.WriteAsync(Name, content);
            FaultPoint.Pass("catalog.written");
            isPublished = true;
            return version.Next(content, step);
        }
        finally
        {
            _membership.End(isPublished);
        }
    }

    private uint Now() => unchecked((uint)_time.GetUtcNow().ToUnixTimeSeconds());
}
