"""The style-transfer loss in three Gram normalisations, and traces of two optimisers on it."""
import torch

from golden_ops import run

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
CONTENT_WEIGHT, STYLE_WEIGHT = 5.0, 100.0
STEPS = 20


def gram(features):
    """F F^T of C x M features, one image; and C, M."""
    f = features[0].flatten(1)
    return f @ f.T, f.shape[0], f.shape[1]


def style_term(features, target, normalisation):
    """`target` is a style's features; its Gram matrix counts for as many pixels as x has, M / M*:
    johnson  sum (G / CM - G* / CM*)^2 / C^2   (neural-style: nn.MSECriterion on G / CM)
    gatys    sum (G / M - G* / M*)^2 / 4 C^2   (Gatys et al. 2016, eq. 4, where M = M*)
    chapter  sum (G - G* M / M*)^2"""
    g, c, m = gram(features)
    g_target, _, m_target = gram(target)
    squares = (g / m - g_target / m_target).square().sum()
    return {"johnson": squares / c**4, "gatys": squares / (4 * c**2), "chapter": squares * m**2}[
        normalisation]


def content_term(features, target, normalisation):
    squares = (features - target).square()
    return {"johnson": squares.mean(), "gatys": squares.sum() / 2, "chapter": squares.sum()}[
        normalisation]


class Style:
    def __init__(self, layers, content, styles, blend, normalisation):
        self.layers, self.blend, self.normalisation = layers, blend, normalisation
        with torch.no_grad():
            self.content = run(layers, content, [CONTENT_LAYER])[CONTENT_LAYER]
            self.styles = [run(layers, style, STYLE_LAYERS) for style in styles]

    def losses(self, image):
        """The weighted parts and their total."""
        taps = run(self.layers, image, STYLE_LAYERS + [CONTENT_LAYER])
        content = CONTENT_WEIGHT * content_term(taps[CONTENT_LAYER], self.content,
                                                self.normalisation)
        style = STYLE_WEIGHT * sum(
            share * style_term(taps[layer], features[layer], self.normalisation)
            for share, features in zip(self.blend, self.styles) for layer in STYLE_LAYERS)
        return {"content": content, "style": style, "total": content + style}


def adam_trace(style, image):
    """Losses before each of 20 steps of 0.02, and after the last."""
    image = image.clone().requires_grad_()
    optimiser = torch.optim.Adam([image], lr=0.02)
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = style.losses(image)["total"]
        loss.backward()
        losses.append(loss.item())
        optimiser.step()
    losses.append(style.losses(image)["total"].item())
    return torch.tensor(losses, dtype=torch.float64)


def lbfgs_trace(style, image):
    """The same for L-BFGS with a fixed step, a history that 20 steps overrun, and no stopping."""
    image = image.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([image], lr=1, max_iter=STEPS, history_size=8, tolerance_grad=0,
                                  tolerance_change=0, line_search_fn=None)
    losses = []

    def closure():
        optimiser.zero_grad()
        loss = style.losses(image)["total"]
        loss.backward()
        losses.append(loss.item())
        return loss

    optimiser.step(closure)
    assert len(losses) == STEPS, "PyTorch stopped early"
    losses.append(style.losses(image)["total"].item())
    return torch.tensor(losses, dtype=torch.float64)
