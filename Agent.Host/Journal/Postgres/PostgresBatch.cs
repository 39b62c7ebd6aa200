using System.Collections.Immutable;
using Agent.Actors.Journal;
using Agent.Dns.Wire;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// What a batch comes to once it is whole: at most one change of each zone, so that every table is written by one statement over columns
/// of values. Within the batch the order of the entries counts; in the transaction nobody can see anything between them.
/// </summary>
internal sealed class PostgresBatch
{
    private readonly Dictionary<DomainName, Change> _changes = [];

    public PostgresBatch(ImmutableArray<JournalEntry> entries)
    {
        foreach (JournalEntry entry in entries)
        {
            switch (entry)
            {
                case PutZone put:
                    ChangeOf(put.Zone).Put(put.Row);
                    break;
                case PutProgress progress:
                    ChangeOf(progress.Zone).Note(progress.Progress);
                    break;
                case PutStanding standing:
                    ChangeOf(standing.Zone).Stand(standing);
                    break;
                case ForgetZone forget:
                    ChangeOf(forget.Zone).Forget(forget.KeepContentUntil);
                    break;
                case ZoneEvent line:
                    Events.Add(line);
                    break;
                default:
                    throw new ArgumentException($"The journal does not know entries of type {entry.GetType().Name}.", nameof(entries));
            }
        }

        Entries = entries.Length;
        Zones = [.. entries.Select(entry => entry.Zone).Distinct()];
    }

    public int Entries { get; }

    /// <summary>Every zone that an entry is about.</summary>
    public ImmutableArray<DomainName> Zones { get; }

    public List<ZoneEvent> Events { get; } = [];

    /// <summary>The rows that stand at the end.</summary>
    public IEnumerable<ZoneRow> Rows => _changes.Values.Select(change => change.Row).OfType<ZoneRow>();

    /// <summary>Rows that were there before the batch and must go. Their content is kept until the time, when there is one.</summary>
    public IEnumerable<(DomainName Zone, DateTimeOffset? KeepUntil)> Forgotten =>
        _changes.Where(entry => entry.Value.ForgetsStored).Select(entry => (entry.Key, entry.Value.KeepStoredUntil));

    /// <summary>Contents of rows that came and went within the batch.</summary>
    public IEnumerable<(ZoneRow Row, DateTimeOffset KeepUntil)> Kept =>
        _changes.Values.Select(change => change.Kept).OfType<(ZoneRow, DateTimeOffset)>();

    /// <summary>Progress of rows that stand at the end, and of rows that the batch does not write otherwise.</summary>
    public IEnumerable<(DomainName Zone, TargetProgress Progress)> Progress =>
        _changes.SelectMany(entry => entry.Value.Progress.Select(progress => (entry.Key, progress)));

    /// <summary>How zones stand whose rows the batch does not write.</summary>
    public IEnumerable<PutStanding> Standings => _changes.Values.Select(change => change.Standing).OfType<PutStanding>();

    /// <summary>The contents that the batch refers to, each once, with a zone to blame.</summary>
    public IEnumerable<ZoneRow> RowsWithContent =>
        Rows.Concat(Kept.Select(kept => kept.Row)).Where(row => row.Content is not null).DistinctBy(row => row.Content!.Hash);

    /// <summary>Leaves the content out of the rows of a zone; its wish is written all the same.</summary>
    public void DropContent(DomainName zone) => ChangeOf(zone).DropContent();

    private Change ChangeOf(DomainName zone)
    {
        if (!_changes.TryGetValue(zone, out Change? change)) _changes.Add(zone, change = new Change());
        return change;
    }

    private sealed class Change
    {
        private readonly OrderedDictionary<string, TargetProgress> _progress = [];
        private bool _isGone;

        public ZoneRow? Row { get; private set; }

        public bool ForgetsStored { get; private set; }

        public DateTimeOffset? KeepStoredUntil { get; private set; }

        public (ZoneRow Row, DateTimeOffset KeepUntil)? Kept { get; private set; }

        public IEnumerable<TargetProgress> Progress => _progress.Values;

        public void Put(ZoneRow row)
        {
            Row = row;
            _isGone = false;
            Standing = null;
            _progress.Clear();
            foreach (TargetProgress progress in row.Targets) _progress[progress.Target] = progress;
        }

        public PutStanding? Standing { get; private set; }

        public void Stand(PutStanding standing)
        {
            if (Row is not null)
                Row = standing.On(Row);
            else if (!_isGone)
                Standing = standing;
        }

        public void Note(TargetProgress progress)
        {
            // Progress that comes after the zone was forgotten belongs to nothing and is not written.
            if (!_isGone) _progress[progress.Target] = progress;
        }

        public void Forget(DateTimeOffset? keepUntil)
        {
            if (_isGone) return;
            if (Row is { Content: not null } && keepUntil is { } until) Kept = (Row, until);
            else if (Row is null && !ForgetsStored) KeepStoredUntil = keepUntil;
            ForgetsStored = true;
            _isGone = true;
            Row = null;
            Standing = null;
            _progress.Clear();
        }

        public void DropContent()
        {
            if (Row is not null) Row = Row with { Content = null };
            Kept = null;
        }
    }
}
