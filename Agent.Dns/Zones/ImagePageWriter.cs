using System.Runtime.CompilerServices;

namespace Agent.Dns.Zones;

/// <summary>Puts pages together of names that come in order, and of whole pages that an earlier image has.</summary>
/// <param name="runMaximum">Names that are held before pages are cut of them. An image that is built whole has full pages of
/// <see cref="ImagePage.BuiltNodes"/>; where a page is revised, a longer run lets it grow a little before it is cut.</param>
internal sealed class ImagePageWriter(int runMaximum)
{
    private readonly List<ImagePage> _pages = [];
    private readonly ImageNode[] _nodes = new ImageNode[runMaximum];
    private ImageRrset[] _rrsets = new ImageRrset[ImagePage.BuiltNodes];
    private int _nodeCount;
    private int _rrsetCount;

    /// <summary>No name came yet.</summary>
    public bool IsEmpty => _nodeCount == 0;

    /// <summary>The name begun last.</summary>
    public ref readonly ImageNode LastNode => ref _nodes[_nodeCount - 1];

    /// <summary>The set added last.</summary>
    public ref ImageRrset LastRrset => ref _rrsets[_rrsetCount - 1];

    /// <summary>Begins a name; its sets follow. The one before it is complete.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginNode(int name, int keyLength, int ownerLength)
    {
        if (_nodeCount == runMaximum)
            EndRun();
        _nodes[_nodeCount++] = new ImageNode(name, _rrsetCount, (ushort)keyLength, (byte)ownerLength);
    }

    /// <summary>Takes the name begun last back if it got no set.</summary>
    public bool DropEmptyNode()
    {
        if (LastNode.FirstRrset != _rrsetCount)
            return false;
        _nodeCount--;
        return true;
    }

    /// <summary>Adds a set to the name begun last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in ImageRrset set)
    {
        if (_rrsetCount == _rrsets.Length)
            Array.Resize(ref _rrsets, _rrsetCount * 2);
        _rrsets[_rrsetCount++] = set;
    }

    /// <summary>Takes a page over as it is, behind what came before.</summary>
    public void Share(ImagePage page)
    {
        EndRun();
        _pages.Add(page);
    }

    /// <summary>The pages; nothing may follow.</summary>
    public ImagePage[] Complete()
    {
        EndRun();
        return [.. _pages];
    }

    /// <summary>Cuts what is held into pages of about the same size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void EndRun()
    {
        int pieces = _nodeCount <= ImagePage.MaximumNodes
            ? Math.Min(1, _nodeCount)
            : (_nodeCount + ImagePage.BuiltNodes - 1) / ImagePage.BuiltNodes;
        for (int piece = 0, from = 0; piece < pieces; piece++)
        {
            int until = (int)((long)_nodeCount * (piece + 1) / pieces);
            int first = _nodes[from].FirstRrset;
            int end = until < _nodeCount ? _nodes[until].FirstRrset : _rrsetCount;
            _pages.Add(new ImagePage(_nodes.AsSpan(from, until - from), _rrsets.AsSpan(first, end - first)));
            from = until;
        }
        _nodeCount = 0;
        _rrsetCount = 0;
    }
}
