namespace Overnight.Jobs.Pipeline;

/// <summary>Which positions of a batch hold an asset, one bitmap per asset; least significant bit first.</summary>
internal sealed class AssetBitmaps(int assets)
{
    private readonly byte[]?[] _bitmaps = new byte[]?[assets];
    private readonly List<int> _used = [];

    public void Add(int asset, int position)
    {
        var bitmap = _bitmaps[asset];
        if (bitmap is null)
        {
            bitmap = new byte[position / 8 + 1];
            _used.Add(asset);
        }
        else if (bitmap.Length <= position / 8)
        {
            Array.Resize(ref bitmap, position / 8 + 1);
        }
        bitmap[position / 8] |= (byte)(1 << position % 8);
        _bitmaps[asset] = bitmap;
    }

    /// <summary>Assets that occur, in order of ordinals, with their bitmaps.</summary>
    public IEnumerable<(int Asset, byte[] Bitmap)> All => _used.Order().Select(asset => (asset, _bitmaps[asset]!));

    public void Clear()
    {
        foreach (var asset in _used)
            _bitmaps[asset] = null;
        _used.Clear();
    }
}
