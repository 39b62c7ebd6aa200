using Agent.Actors.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Agent.Backends.Shared;

/// <summary>
/// Changes to the files of one folder, many for the price of few: what comes while a group is being brought to the disk makes up the next
/// group. A group costs two waits for the disk, however many files it has: one for the data of all, one for new or deleted names.
/// </summary>
/// <remarks>
/// <code>
///   write every temporary file -> data of all to the disk -> rename and remove all -> names to the disk -> answer all
/// </code>
/// So each file is replaced as <see cref="AtomicFile"/> replaces one, and nobody is answered before the disk has it. Where all files of a
/// group were there before, the names are not waited for: a power cut leaves the old or the new file, each whole, and whoever comes up
/// with the old one is brought level as any server that started anew. A file that cannot be written fails alone; a disk that fails, fails
/// the group. The data of a few files are synchronized one by one, those of more by
/// syncfs(2), which then also waits for what others wrote to that file system.
/// <para>While many orders of the driver are past their files, its server has enough to do: then a group waits a moment for more, because
/// each wait for the disk also holds up what the server itself writes there. A change that comes alone never waits.</para>
/// <para>Safe for any number of callers. The first one's own thread makes its change, since to hand over a single change costs more than
/// to make it; others are not held. Two changes of one file are made in the order they came.</para>
/// </remarks>
public sealed class FileGroups
{
    /// <summary>The most changes in one group.</summary>
    public const int GroupMax = 256;

    /// <summary>A group as large as this waits for nobody.</summary>
    public const int CompanyMax = 64;

    /// <summary>So many orders past their files keep a server busy for as long as a group may wait.</summary>
    public const int CrowdMin = 64;

    private const int SyncedOneByOneMax = 2;

    private static readonly TimeSpan CompanyWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CompanyLook = TimeSpan.FromMilliseconds(10);

    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Func<int>? _underWay;
    private readonly Lock _gate = new();
    private readonly Queue<Change> _waiting = new();
    private bool _isWorking;

    /// <summary>Touches nothing yet.</summary>
    /// <param name="folder">The folder that all files lie in.</param>
    /// <param name="time">The clock of waiting for company.</param>
    /// <param name="underWay">How many orders are under way in all, those that wait for their files among them; null: a group never
    /// waits.</param>
    public FileGroups(string folder, TimeProvider time, Func<int>? underWay = null)
    {
        _folder = folder;
        _time = time;
        _underWay = underWay;
    }

    /// <summary>Writes the file anew, as <see cref="AtomicFile.Replace"/> does.</summary>
    /// <param name="path">A file in the folder, there or not.</param>
    /// <param name="now">The time to stamp it with.</param>
    /// <param name="write">Writes the content, perhaps on another thread than the caller's; its exceptions come back to the caller.</param>
    /// <exception cref="IOException">The disk is full, gone or failing.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not write there.</exception>
    public Task ReplaceAsync(string path, DateTimeOffset now, Action<Stream> write) => Enqueue(new Replacement(path, now, write));

    /// <summary>Deletes the file if it is there, for good.</summary>
    /// <exception cref="IOException">The disk is gone or failing.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not write there.</exception>
    public Task DeleteAsync(string path) => File.Exists(path) ? Enqueue(new Deletion(path)) : Task.CompletedTask;

    private Task Enqueue(Change change)
    {
        bool isFirst;
        lock (_gate)
        {
            _waiting.Enqueue(change);
            isFirst = !_isWorking;
            _isWorking = true;
        }

        if (isFirst && (IsWorthWaiting() || TryCarryOutNext([])))
            _ = Task.Run(WorkOffAsync);
        return change.Done;
    }

    private async Task WorkOffAsync()
    {
        List<Change> group = [];
        do
        {
            await CompanyAsync();
        }
        while (TryCarryOutNext(group));
    }

    /// <summary>Makes what waits, as far as it fits one group; false when nothing came meanwhile, and the work is over.</summary>
    private bool TryCarryOutNext(List<Change> group)
    {
        group.Clear();
        lock (_gate)
        {
            while (group.Count < GroupMax && _waiting.TryDequeue(out Change? next))
                group.Add(next);
        }

        try
        {
            CarryOut(group);
        }
        catch (Exception error)
        {
            // The folder or the disk, not one file of it.
            foreach (Change change in group)
                change.Fail(error);
        }

        lock (_gate)
            return _isWorking = _waiting.Count > 0;
    }

    /// <summary>Waits while more is to come and the server has enough to do without it.</summary>
    private async Task CompanyAsync()
    {
        long started = _time.GetTimestamp();
        while (IsWorthWaiting() && _time.GetElapsedTime(started) < CompanyWait)
            await Task.Delay(CompanyLook, _time);
    }

    private bool IsWorthWaiting()
    {
        if (_underWay is null)
            return false;
        int waiting;
        lock (_gate)
            waiting = _waiting.Count;
        return waiting is > 0 and < CompanyMax && _underWay() - waiting >= CrowdMin;
    }

    private void CarryOut(List<Change> group)
    {
        // Open before the first write: the kernel reports what went wrong since then.
        using SafeFileHandle folder = AtomicFile.OpenFolder(_folder);
        bool isSmall = group.Count <= SyncedOneByOneMax;
        Each(group, change => change.Prepare(isSmall));
        int written = group.Count(static change => change is Replacement { IsOpen: true });
        if (!isSmall && written > 0)
            AtomicFile.AwaitDisk(written, () => AtomicFile.FlushFileSystem(folder, _folder));
        Each(group, static change => change.TakeEffect());
        int renamed = group.Count(static change => change is { IsOpen: true, ChangesNames: true });
        if (renamed > 0)
            AtomicFile.AwaitDisk(renamed, () => RandomAccess.FlushToDisk(folder));
        foreach (Change change in group)
            change.Succeed();
    }

    private static void Each(List<Change> group, Action<Change> step)
    {
        foreach (Change change in group.Where(static change => change.IsOpen))
        {
            try
            {
                step(change);
            }
            catch (Exception error)
            {
                change.Fail(error);
            }
        }
    }

    private abstract class Change(string path)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Done => _done.Task;

        /// <summary>Neither failed nor answered.</summary>
        public bool IsOpen => !_done.Task.IsCompleted;

        /// <summary>Whether a name comes or goes, and not only what stands behind it.</summary>
        public abstract bool ChangesNames { get; }

        protected string Path { get; } = path;

        public abstract void Prepare(bool flushToDisk);

        public abstract void TakeEffect();

        public void Succeed() => _done.TrySetResult();

        public virtual void Fail(Exception error) => _done.TrySetException(error);
    }

    private sealed class Deletion(string path) : Change(path)
    {
        public override bool ChangesNames => true;

        public override void Prepare(bool flushToDisk)
        {
            // Nothing: it only takes effect.
        }

        public override void TakeEffect()
        {
            File.Delete(Path);
            FaultPoint.Pass("file.deleted");
        }
    }

    private sealed class Replacement(string path, DateTimeOffset now, Action<Stream> write) : Change(path)
    {
        private string? _temporary;
        private bool _isNew;

        public override bool ChangesNames => _isNew;

        public override void Prepare(bool flushToDisk) => _temporary = AtomicFile.WriteBeside(Path, write, flushToDisk);

        public override void TakeEffect()
        {
            _isNew = AtomicFile.PutInPlace(_temporary!, Path, now);
            _temporary = null;
        }

        public override void Fail(Exception error)
        {
            if (_temporary is not null)
                AtomicFile.TryDelete(_temporary);
            base.Fail(error);
        }
    }
}
