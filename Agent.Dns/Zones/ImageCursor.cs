namespace Agent.Dns.Zones;

/// <summary>Walks over all records of an image in canonical order.</summary>
internal ref struct ImageCursor
{
    private readonly ZoneImage _image;
    private int _node = -1;
    private int _rrset = -1;
    private int _rrsetEnd;
    private RrsetView _set;
    private RrsetView.Enumerator _rdata;

    public ImageCursor(ZoneImage image) => _image = image;

    public readonly CanonicalRecord Current => new()
    {
        Key = _image.Key(_node),
        RelativeOwner = _image.RelativeOwner(_node),
        Type = _set.Type,
        Covered = _set.Covered,
        Ttl = _set.Ttl,
        Rdata = _rdata.Current,
    };

    public bool MoveNext()
    {
        while (_node < 0 || !_rdata.MoveNext())
        {
            _rrset++;
            while (_node < 0 || _rrset == _rrsetEnd)
            {
                if (++_node == _image.NodeCount)
                    return false;
                (_rrset, _rrsetEnd) = _image.Rrsets(_node);
            }
            _set = _image.Rrset(_rrset);
            _rdata = _set.GetEnumerator();
        }
        return true;
    }
}
