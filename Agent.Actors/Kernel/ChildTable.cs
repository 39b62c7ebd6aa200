using System.Globalization;

namespace Agent.Actors.Kernel;

/// <summary>The children of one actor, by name or by number, from creation until their termination was noticed.</summary>
/// <remarks>Locked, because actors at the top are created from any thread. Everybody else's table is never contended.</remarks>
internal sealed class ChildTable
{
    private readonly Lock _gate = new();
    private readonly HashSet<ActorCell> _dying = [];
    private Dictionary<string, ActorCell>? _named;
    private Dictionary<uint, ActorCell>? _numbered;
    private long _anonymousCount;
    private bool _isClosed;

    internal int Count
    {
        get
        {
            lock (_gate) return (_named?.Count ?? 0) + (_numbered?.Count ?? 0);
        }
    }

    /// <summary>True when a child was told to stop and has not terminated.</summary>
    internal bool HasDying
    {
        get
        {
            lock (_gate) return _dying.Count > 0;
        }
    }

    internal ActorCell AddNamed(ActorCell parent, CellShared shared, string? name)
    {
        if (name is not null) CheckName(name);
        lock (_gate)
        {
            CheckOpen(parent);
            name ??= string.Create(CultureInfo.InvariantCulture, $"${_anonymousCount++}");
            ActorCell cell = ActorCell.New(shared, parent, name, entityId: 0);
            _named ??= new Dictionary<string, ActorCell>(StringComparer.Ordinal);
            if (!_named.TryAdd(name, cell)) throw new InvalidActorNameException($"{parent.Path} has a child '{name}' already.");
            return cell;
        }
    }

    internal ActorCell AddNumbered(ActorCell parent, CellShared shared, uint entityId)
    {
        lock (_gate)
        {
            CheckOpen(parent);
            ActorCell cell = ActorCell.New(shared, parent, name: null, entityId);
            _numbered ??= [];
            if (!_numbered.TryAdd(entityId, cell)) throw new InvalidActorNameException($"{parent.Path} has a child #{entityId} already.");
            return cell;
        }
    }

    internal ActorCell? Find(string name)
    {
        lock (_gate) return _named?.GetValueOrDefault(name);
    }

    internal ActorCell? Find(uint entityId)
    {
        lock (_gate) return _numbered?.GetValueOrDefault(entityId);
    }

    internal bool Contains(ActorCell cell)
    {
        lock (_gate) return ContainsLocked(cell);
    }

    internal void MarkDying(ActorCell cell)
    {
        lock (_gate)
        {
            if (ContainsLocked(cell)) _dying.Add(cell);
        }
    }

    internal bool Remove(ActorCell cell)
    {
        lock (_gate)
        {
            if (!ContainsLocked(cell)) return false;
            _dying.Remove(cell);
            return cell.HasName ? _named!.Remove(cell.Name) : _numbered!.Remove(cell.EntityId);
        }
    }

    internal ActorCell[] Snapshot()
    {
        lock (_gate) return [.. _named?.Values ?? Enumerable.Empty<ActorCell>(), .. _numbered?.Values ?? Enumerable.Empty<ActorCell>()];
    }

    /// <summary>No children from here on: the parent is terminating.</summary>
    internal void Close()
    {
        lock (_gate) _isClosed = true;
    }

    private static void CheckName(string name)
    {
        if (name.Length == 0 || name[0] is '$' or '#' || name.Contains('/', StringComparison.Ordinal))
            throw new InvalidActorNameException($"'{name}' cannot name an actor.");
    }

    private void CheckOpen(ActorCell parent)
    {
        if (_isClosed) throw new InvalidOperationException($"{parent.Path} is terminating and takes no children.");
    }

    private bool ContainsLocked(ActorCell cell) => cell.HasName
        ? _named is not null && _named.TryGetValue(cell.Name, out ActorCell? named) && named == cell
        : _numbered is not null && _numbered.TryGetValue(cell.EntityId, out ActorCell? numbered) && numbered == cell;
}
