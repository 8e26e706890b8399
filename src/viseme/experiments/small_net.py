"""The network that experiments train at scale `ci`, where two CPU cores have to do."""

SMALL_NET = {
    "model.frontend_widths": "[16,32,64,128]",
    "model.dim": "128",
    "model.hidden_dim": "512",
    "model.encoder_layers": "3",
    "model.decoder_layers": "1",
}
"""Settings over preset `grid`."""
